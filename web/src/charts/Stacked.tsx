/** What is paid, and when: columns of parts above zero, parts below it hang under it, a comparison as a dashed tick. */
import { max, min, sum } from "d3-array";
import { scaleBand, scaleLinear } from "d3-scale";

export interface Part {
  name: string;
  class: string;
  value: number;
}

export interface Stack {
  key: string;
  name: string;
  parts: Part[];
  shown?: string;
  tick?: number | null;
  isMarked?: boolean;
  /** Longer than it is drawn: it ends in a break. */
  isCut?: boolean;
  /** Said above it, in words. */
  told?: string;
}

interface StackedProps {
  finding: string;
  stacks: Stack[];
  /** How a value of the axis and of a title is written. */
  write: (value: number) => string;
  width?: number;
  height?: number;
  /** Every how many names are written. */
  every?: number;
  onChoose?: (key: string) => void;
}

const LEFT = 42;
const ABOVE = 18;
const BELOW = 20;
const LINES = 4;

export function Stacked({ finding, stacks, write, width = 812, height = 232, every = 1, onChoose }: StackedProps) {
  const ups = stacks.map((one) => sum(one.parts, (part) => Math.max(0, part.value)));
  const downs = stacks.map((one) => sum(one.parts, (part) => Math.min(0, part.value)));
  const high = Math.max(max(ups) ?? 0, max(stacks, (one) => one.tick ?? 0) ?? 0);
  const low = Math.min(0, min(downs) ?? 0);
  const y = scaleLinear([low, high || 1], [height - BELOW, ABOVE]).nice(LINES);
  const x = scaleBand(stacks.map((one) => one.key), [LEFT, width]).paddingInner(0.4).paddingOuter(0.2);
  const wide = x.bandwidth();
  return (
    <svg class="ch" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={finding}>
      {y.ticks(LINES).map((value) => (
        <g key={value}>
          <path class="gl" d={`M${LEFT} ${y(value)}H${width}`} />
          <text class="ax" x={LEFT - 6} y={y(value) + 4} text-anchor="end">
            {write(value)}
          </text>
        </g>
      ))}
      {stacks.map((one, n) => {
        const left = x(one.key) ?? 0;
        let up = 0;
        let down = 0;
        const top = y(ups[n] ?? 0);
        return (
          <g key={one.key} class={onChoose ? "pick" : undefined} onClick={onChoose && (() => onChoose(one.key))}>
            {onChoose && <rect class="blank" x={left} y={0} width={wide} height={height} />}
            {one.parts.map((part) => {
              const start = part.value >= 0 ? up : down;
              if (part.value >= 0) up += part.value;
              else down += part.value;
              const [a, b] = [y(start), y(start + part.value)];
              return (
                <rect key={part.name} class={part.class} x={left} y={Math.min(a, b)} width={wide} height={Math.abs(a - b)}>
                  <title>{`${one.name}, ${part.name}: ${write(part.value)}`}</title>
                </rect>
              );
            })}
            {one.isCut && <path class="cut" d={`M${left - 2} ${top + 16}l${wide + 4} -6v4l${-(wide + 4)} 6z`} />}
            {one.told && (
              <text x={Math.min(left + wide, width)} y={top - 5} text-anchor="end" class="strong">
                {one.told}
              </text>
            )}
            {one.tick !== null && one.tick !== undefined && <path class="dash" d={`M${left - 6} ${y(one.tick)}h${wide + 12}`} />}
            {one.shown !== undefined && (
              <text x={left + wide / 2} y={Math.min(top, y(one.tick ?? 0)) - 5} text-anchor="middle" class={one.isMarked ? "strong" : undefined}>
                {one.shown}
              </text>
            )}
            {n % every === 0 && (
              <text x={left + wide / 2} y={height - 5} text-anchor="middle" class={one.isMarked ? "strong" : "ax"}>
                {one.name}
              </text>
            )}
          </g>
        );
      })}
      <path class="zl" d={`M${LEFT - 4} ${y(0)}H${width}`} />
    </svg>
  );
}
