/** A path over tenors: lines with dots at real nodes, before dashed, a word at what moved most. */
import { extent, max, min } from "d3-array";
import { scaleLinear, scaleSqrt } from "d3-scale";
import { line } from "d3-shape";
import type { Point } from "../shocks/preview";
import { level } from "../numbers/format";

interface CurvesProps {
  finding: string;
  before: Point[];
  /** Drawn over the dashed one; alone where nothing moved. */
  after?: Point[];
  width?: number;
  height?: number;
  /** Written beside the node that moved most. */
  label?: string;
  ticks?: number;
}

const LEFT = 30;
const RIGHT = 12;
const ABOVE = 14;
const BELOW = 18;
const NAMED_YR = [1, 3, 5, 10, 20, 30];

export function Curves({ finding, before, after, width = 276, height = 120, label, ticks = 3 }: CurvesProps) {
  const all = [...before, ...(after ?? [])];
  if (!all.length) return null;
  const [low = 0, high = 1] = extent(all, (point) => point.rate * 100);
  const pad = high - low < 0.2 ? 0.2 : (high - low) * 0.1;
  const x = scaleSqrt([0, max(all, (point) => point.years) || 1], [LEFT, width - RIGHT]);
  const y = scaleLinear([low - pad, high + pad], [height - BELOW, ABOVE]).nice(ticks);
  const path = line<Point>((point) => x(point.years), (point) => y(point.rate * 100));
  const most = after && widest(before, after);
  const named = NAMED_YR.filter((years) => years >= (min(all, (point) => point.years) ?? 0) && years <= x.domain()[1]!);
  return (
    <svg class="ch curves" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={finding}>
      {y.ticks(ticks).map((tick) => (
        <g key={tick}>
          <path class="gl" d={`M${LEFT} ${y(tick)}H${width - RIGHT}`} />
          <text class="ax" x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
            {level(tick, decimals(y.domain()))}
          </text>
        </g>
      ))}
      {named.map((years) => (
        <text key={years} class="ax" x={x(years)} y={height - 4} text-anchor="middle">
          {years}Y
        </text>
      ))}
      {after && <path class="lsoft" d={path(before) ?? ""} />}
      <path class="l1" d={path(after ?? before) ?? ""} />
      {(after ?? before).map((point) => (
        <circle key={point.years} class="s1" cx={x(point.years)} cy={y(point.rate * 100)} r={2}>
          <title>{`${point.name}: ${level(point.rate * 100, 4)} %`}</title>
        </circle>
      ))}
      {most && label && (
        <text class="strong" x={Math.min(x(most.years) + 6, width - 48)} y={y(most.rate * 100) - 5}>
          {label}
        </text>
      )}
    </svg>
  );
}

function decimals([low = 0, high = 1]: number[]): number {
  return high - low < 0.5 ? 2 : high - low < 4 ? 1 : 0;
}

function widest(before: Point[], after: Point[]): Point | undefined {
  let found: Point | undefined;
  let most = 0;
  after.forEach((point, n) => {
    const moved = Math.abs(point.rate - (before[n]?.rate ?? point.rate));
    if (moved > 0 && moved >= most - 1e-9) [found, most] = [point, Math.max(moved, most)];
  });
  return found;
}

/** The shape of a scenario by tenor around a dotted zero, or of a rate over the last minutes. */
export function Spark({ values, title, isFromZero = false, width = 72, height = 18 }: { values: number[]; title: string; isFromZero?: boolean; width?: number; height?: number }) {
  const high = max(values, (value) => Math.abs(value)) || 1;
  const x = scaleLinear([0, Math.max(1, values.length - 1)], [1, width - 1]);
  const y = isFromZero ? scaleLinear([0, high], [height - 2, 2]) : scaleLinear([-high, high], [height - 2, 2]);
  const path = line<number>((_, n) => x(n), (value) => y(value));
  return (
    <svg class="ch spark" viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={title}>
      <title>{title}</title>
      <path class={isFromZero ? "gl" : "con"} d={`M0 ${y(0)}H${width}`} />
      <path class="l1" d={path(values) ?? ""} />
    </svg>
  );
}
