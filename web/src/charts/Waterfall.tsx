/** Why from A to B: a level at each end, cut with a mark where the steps are small beside it, each step with its sign. */
import { max, min } from "d3-array";
import { scaleBand, scaleLinear } from "d3-scale";

export interface Step {
  key: string;
  name: string;
  value: number;
  shown: string;
  isLevel?: boolean;
  isMarked?: boolean;
}

interface WaterfallProps {
  finding: string;
  steps: Step[];
  width?: number;
  height?: number;
  /** Moves of a level that are neither gain nor loss: filled for more, outlined for less. */
  isNeutral?: boolean;
  onChoose?: (key: string) => void;
}

interface Placed {
  step: Step;
  from: number;
  to: number;
}

const ABOVE = 18;
const BELOW = 32;
const WIDEST = 56;
/** A name of so many letters fits under its column. */
const SHORT = 6;

export function Waterfall({ finding, steps, width = 900, height = 170, isNeutral = false, onChoose }: WaterfallProps) {
  const placed = place(steps);
  const cut = floorOf(placed);
  const foot = height - BELOW;
  const top = max(placed, (one) => Math.max(one.from, one.to)) ?? 1;
  const y = scaleLinear([cut.floor, top || 1], [foot, ABOVE]);
  const x = scaleBand(steps.map((one) => one.key), [0, width]).paddingInner(0.28).paddingOuter(0.14);
  const wide = Math.min(WIDEST, x.bandwidth());
  const leftOf = (key: string) => (x(key) ?? 0) + (x.bandwidth() - wide) / 2;
  const inside = (value: number) => Math.max(cut.floor, value);
  return (
    <svg class="ch" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={finding}>
      {placed.map(({ step, from, to }, n) => {
        const left = leftOf(step.key);
        const upper = y(Math.max(from, to));
        const tall = Math.max(1, Math.abs(y(inside(from)) - y(inside(to))));
        const isLess = step.value < 0;
        const kind = step.isLevel ? "s1" : isNeutral ? (isLess ? "dec" : "inc") : isLess ? "negm" : "pos";
        const next = placed[n + 1];
        const below = !step.isLevel && isLess && upper + tall + 12 < foot;
        return (
          <g key={step.key} class={onChoose ? "pick" : undefined} onClick={onChoose && (() => onChoose(step.key))}>
            {step.isMarked && <rect class="mark" x={left - 8} y={0} width={wide + 16} height={height} rx={3} />}
            <rect class={kind} x={left} y={upper} width={wide} height={tall}>
              <title>{`${step.name}: ${step.shown}`}</title>
            </rect>
            {step.isLevel && cut.isCut && <path class="cut" d={`M${left - 2} ${foot - 10}l${wide + 4} -5v5l${-(wide + 4)} 5z`} />}
            {next && <path class="con" d={`M${left + wide} ${y(to)}H${leftOf(next.step.key)}`} />}
            <text x={left + wide / 2} y={below ? upper + tall + 12 : upper - 5} text-anchor="middle" class={step.isLevel ? "strong" : isNeutral ? undefined : isLess ? "tneg" : "tpos"}>
              {step.shown}
            </text>
            {wrapped(step.name).map((line, k) => (
              <text key={k} x={left + wide / 2} y={foot + 14 + 12 * k} text-anchor="middle" class={step.isLevel ? "strong" : "ax"}>
                {line}
              </text>
            ))}
          </g>
        );
      })}
      <path class="zl" d={`M0 ${foot}H${width}`} />
    </svg>
  );
}

export function place(steps: Step[]): Placed[] {
  let at = 0;
  return steps.map((step) => {
    const from = step.isLevel ? 0 : at;
    const to = step.isLevel ? step.value : at + step.value;
    at = to;
    return { step, from, to };
  });
}

/** Levels are cut where the steps are less than a tenth of them. */
export function floorOf(placed: Placed[]): { floor: number; isCut: boolean } {
  const ends = placed.map((one) => one.to);
  const low = Math.min(min(ends) ?? 0, min(placed.filter((one) => !one.step.isLevel), (one) => one.from) ?? Infinity);
  const high = max(ends) ?? 0;
  const moved = high - low;
  if (low <= 0 || moved > 0.35 * high || !Number.isFinite(low)) return { floor: Math.min(0, low), isCut: false };
  return { floor: low - Math.max(moved, high * 1e-6) * 0.6, isCut: true };
}

function wrapped(name: string): string[] {
  const hyphen = name.indexOf("-");
  if (hyphen > 0 && !name.includes(" ")) return [name.slice(0, hyphen + 1), name.slice(hyphen + 1)];
  if (name.length <= SHORT) return [name];
  const words = name.split(" ");
  if (words.length < 2) return words;
  const half = Math.ceil(words.length / 2);
  return [words.slice(0, half).join(" "), words.slice(half).join(" ")];
}
