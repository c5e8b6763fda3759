/** A path: dots at real nodes, a label at the start and at the lowest point, no second axis. */
import { extent, leastIndex } from "d3-array";
import { scaleLinear, scalePoint } from "d3-scale";
import { line } from "d3-shape";

export interface PathPoint {
  key: string;
  name: string;
  value: number;
}

interface LineProps {
  finding: string;
  points: PathPoint[];
  write: (value: number) => string;
  label?: string;
  width?: number;
  height?: number;
}

const LEFT = 78;
const PAD = 22;

export function Line({ finding, points, write, label, width = 672, height = 120 }: LineProps) {
  const [low = 0, high = 1] = extent(points, (one) => one.value);
  const y = scaleLinear([low, high === low ? low + 1 : high], [height - PAD, PAD]).nice(3);
  const x = scalePoint(points.map((one) => one.key), [LEFT, width]).padding(0.5);
  const at = (one: PathPoint): [number, number] => [x(one.key) ?? 0, y(one.value)];
  const path = line<PathPoint>((one) => at(one)[0], (one) => at(one)[1])(points) ?? "";
  const lowest = leastIndex(points, (one) => one.value) ?? 0;
  return (
    <svg class="ch" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={finding}>
      {label && (
        <text x={0} y={12} class="ax">
          {label}
        </text>
      )}
      {y.ticks(3).map((value) => (
        <g key={value}>
          <path class="gl" d={`M${LEFT} ${y(value)}H${width}`} />
          <text class="ax" x={LEFT - 6} y={y(value) + 4} text-anchor="end">
            {write(value)}
          </text>
        </g>
      ))}
      <path class="l1" d={path} />
      {points.map((one, n) => {
        const [left, top] = at(one);
        const isTold = n === 0 || n === lowest || n === points.length - 1;
        return (
          <g key={one.key}>
            <circle class={n === lowest && n > 0 ? "negm" : "s1"} cx={left} cy={top} r={n === lowest && n > 0 ? 3.5 : 2.5}>
              <title>{`${one.name}: ${write(one.value)}`}</title>
            </circle>
            {isTold && (
              <text x={left} y={top - 8} text-anchor="middle" class={n === lowest ? "strong" : undefined}>
                {write(one.value)}
                {n === lowest && n > 0 ? " lowest" : ""}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
