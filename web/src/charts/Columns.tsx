/** A shape over tenors or buckets: columns from zero, the value above each, a comparison as a tick across. */
import { max, min } from "d3-array";
import { scaleBand, scaleLinear } from "d3-scale";

export interface ColumnMark {
  key: string;
  name: string;
  value: number;
  shown: string;
  /** What it is compared with. */
  tick?: number | null;
  isMarked?: boolean;
}

interface ColumnsProps {
  finding: string;
  columns: ColumnMark[];
  width?: number;
  height?: number;
  /** Room at the left, for a label that stands there. */
  left?: number;
  label?: string;
  /** The bands of a chart above, that the columns stand under those of the same key. */
  within?: string[];
  /** Losses, where every column is one. */
  isLoss?: boolean;
  onChoose?: (key: string) => void;
}

const ABOVE = 16;
const BELOW = 18;

export function Columns({ finding, columns, width = 344, height = 106, left: room = 0, label, within, isLoss = false, onChoose }: ColumnsProps) {
  const values = columns.flatMap((one) => [one.value, one.tick ?? 0]);
  const low = Math.min(0, min(values) ?? 0);
  const high = Math.max(0, max(values) ?? 0);
  const foot = height - BELOW;
  const y = scaleLinear([low, high || 1], [low < 0 ? foot - ABOVE : foot, ABOVE]);
  const x = scaleBand(within ?? columns.map((one) => one.key), [room, width]).paddingInner(0.32).paddingOuter(0.16);
  const wide = x.bandwidth();
  return (
    <svg class="ch" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={finding}>
      {label && (
        <text x={0} y={12} class="ax">
          {label}
        </text>
      )}
      {columns.map((one) => {
        const left = x(one.key) ?? 0;
        const middle = left + wide / 2;
        const top = Math.min(y(one.value), y(0));
        const tall = Math.abs(y(one.value) - y(0));
        return (
          <g key={one.key} class={onChoose ? "pick" : undefined} onClick={onChoose && (() => onChoose(one.key))}>
            {onChoose && <rect class="blank" x={left} y={0} width={wide} height={height} />}
            {one.isMarked && <rect class="mark" x={left - 3} y={0} width={wide + 6} height={foot} rx={3} />}
            <rect class={isLoss ? "negm" : "s1"} x={left} y={top} width={wide} height={Math.max(tall, one.value ? 0.8 : 0)}>
              <title>{`${one.name}: ${one.shown}`}</title>
            </rect>
            {one.tick !== null && one.tick !== undefined && <path class="tick" d={`M${left - 2.5} ${y(one.tick)}h${wide + 5}`} />}
            <text x={middle} y={height - 4} text-anchor="middle" class="ax">
              {one.name}
            </text>
            <text x={middle} y={one.value < 0 ? top + tall + 12 : top - 4} text-anchor="middle" class={one.value < 0 ? "tneg" : undefined}>
              {one.shown}
            </text>
          </g>
        );
      })}
      <path class="zl" d={`M${room} ${y(0)}H${width}`} />
    </svg>
  );
}
