/** Which is largest, which is worst: lying bars around a zero line, a label at the end of each. */
import { max, min } from "d3-array";
import { scaleLinear } from "d3-scale";

export interface Bar {
  key: string;
  name: string;
  /** Said of the mark, where the name is written elsewhere. */
  title?: string;
  value: number;
  shown: string;
  isMarked?: boolean;
}

interface BarsProps {
  /** A sentence that says the finding. */
  finding: string;
  bars: Bar[];
  width?: number;
  row?: number;
  /** Room at the left for the names. */
  names?: number;
  /** Levels take the colour of a series; gains and losses their own. */
  isLevel?: boolean;
  /** Levels of what is wrong. */
  isBad?: boolean;
  /** The scale of several charts side by side. */
  within?: [low: number, high: number];
  onChoose?: (key: string) => void;
}

const THICK = 8;
const FOR_LABEL = 52;

export function Bars({ finding, bars, width = 344, row = 14.4, names = 110, isLevel = false, isBad = false, within, onChoose }: BarsProps) {
  const low = Math.min(0, within?.[0] ?? min(bars, (bar) => bar.value) ?? 0);
  const high = Math.max(0, within?.[1] ?? max(bars, (bar) => bar.value) ?? 0);
  const left = names + (low < 0 ? FOR_LABEL : 0);
  const right = width - (high > 0 ? FOR_LABEL : 4);
  const x = scaleLinear([low, high || (low ? 0 : 1)], [left, Math.max(left + 1, right)]);
  const zero = x(0);
  const height = bars.length * row;
  return (
    <svg class="ch" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={finding}>
      {bars.map((bar, n) => {
        const at = x(bar.value);
        const isLoss = bar.value < 0;
        const top = n * row + (row - THICK) / 2;
        const base = n * row + row / 2 + 4;
        return (
          <g key={bar.key} class={onChoose ? "pick" : undefined} onClick={onChoose && (() => onChoose(bar.key))}>
            {onChoose && <rect class="blank" x={-6} y={n * row} width={width + 12} height={row} />}
            {bar.isMarked && <rect class="mark" x={-6} y={n * row} width={width + 12} height={row} rx={3} />}
            <text x={0} y={base} class={bar.isMarked ? "strong" : undefined}>
              {clipped(bar.name, names)}
            </text>
            <rect class={isBad ? "badm" : isLevel ? "s1" : isLoss ? "negm" : "pos"} x={Math.min(at, zero)} y={top} width={Math.max(bar.value ? 1 : 0, Math.abs(at - zero))} height={THICK}>
              <title>{`${bar.title ?? bar.name}: ${bar.shown}`}</title>
            </rect>
            <text x={isLoss ? at - 5 : at + 6} y={base} text-anchor={isLoss ? "end" : "start"} class={isLoss && !isLevel ? "tneg" : undefined}>
              {bar.shown}
            </text>
          </g>
        );
      })}
      <path class="zl" d={`M${zero} 0V${height}`} />
    </svg>
  );
}

const LETTER_PX = 5.8;

function clipped(name: string, room: number): string {
  const most = Math.floor(room / LETTER_PX);
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}
