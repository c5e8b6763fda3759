/** The log by its own time: four lanes, and a handle at the event as of which everything is shown. */
import { extent } from "d3-array";
import { scaleLinear } from "d3-scale";
import { useRef } from "preact/hooks";
import type { LogEvent } from "../../api/working";
import { count, dayShort } from "../../numbers/format";
import { LANES, laneOf, stepped, timeTicks } from "./lanes";

const WIDTH = 1180;
const LEFT = 74;
const RIGHT = 20;
const ROW = 15;
const TOP = 8;
const FOOT = 24;
const TOLD = 170;

interface ScrubberProps {
  events: LogEvent[];
  at: number;
  head: number;
  onMove(position: number): void;
}

export function Scrubber({ events, at, head, onMove }: ScrubberProps) {
  const frame = useRef<SVGSVGElement>(null);
  const shown = events.filter((one) => laneOf(one));
  const [first, last] = extent(shown, (one) => Date.parse(one.timestamp));
  if (first === undefined || last === undefined) return null;
  const x = scaleLinear([first, Math.max(last, first + 60_000)], [LEFT, WIDTH - RIGHT]);
  const height = TOP + LANES.length * ROW + FOOT;
  const here = nearest(shown, at);
  const place = at >= head || !here ? WIDTH - RIGHT : x(Date.parse(here.timestamp));
  const moveTo = (event: PointerEvent) => {
    const box = frame.current!.getBoundingClientRect();
    const when = x.invert(((event.clientX - box.left) / box.width) * WIDTH);
    const found = shown.reduce((best, one) => (Math.abs(Date.parse(one.timestamp) - when) < Math.abs(Date.parse(best.timestamp) - when) ? one : best), shown[0]!);
    onMove(found.position);
  };
  const onKey = (event: KeyboardEvent) => {
    const runs = shown.filter((one) => one.topic === "run.requested");
    const by = event.shiftKey ? runs : events;
    const moves: Record<string, number> = { ArrowRight: stepped(by, at, 1), ArrowLeft: stepped(by, at, by.some((one) => one.position === at) ? -1 : 0), Home: stepped(events, 0, 0), End: head };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onMove(to);
  };
  return (
    <div
      class="scrubber"
      role="slider"
      tabIndex={0}
      aria-label="The event as of which everything is shown"
      aria-valuemin={1}
      aria-valuemax={head}
      aria-valuenow={at}
      aria-valuetext={here ? `event ${at}, ${here.topic}` : `event ${at}`}
      onKeyDown={onKey}
    >
      <svg
        ref={frame}
        class="ch"
        viewBox={`0 0 ${WIDTH} ${height}`}
        aria-hidden="true"
        onPointerDown={(event) => {
          frame.current!.setPointerCapture(event.pointerId);
          moveTo(event);
        }}
        onPointerMove={(event) => event.buttons === 1 && moveTo(event)}
      >
        <rect class="later" x={place} y={0} width={Math.max(0, WIDTH - place)} height={height - FOOT + 6} />
        {LANES.map((lane, n) => (
          <g key={lane}>
            <text x={0} y={TOP + n * ROW + 8}>
              {lane}
            </text>
            <path class="gl" d={`M${LEFT} ${TOP + n * ROW + 4}H${WIDTH - RIGHT}`} />
          </g>
        ))}
        {shown.map((one) => (
          <rect key={one.position} class={laneOf(one) === "Decisions" ? "s2" : one.position > at ? "soft" : "s1"} x={x(Date.parse(one.timestamp)) - 1.5} y={TOP + LANES.indexOf(laneOf(one)!) * ROW - 1} width={3} height={10} rx={1}>
            <title>{`event ${one.position}: ${one.topic}`}</title>
          </rect>
        ))}
        {timeTicks(x.domain()[0]!, x.domain()[1]!).filter((tick) => Math.abs(x(tick) - (place - TOLD / 2)) > TOLD / 2 + 24).map((tick) => (
          <text key={tick} class="ax" x={x(tick)} y={height - FOOT + 10 + 4} text-anchor="middle">
            {tickInWords(tick, last - first)}
          </text>
        ))}
        <path class="handle" d={`M${place} 0V${height - FOOT + 4}`} />
        <circle class="handle" cx={place} cy={height - FOOT + 6} r={6} />
        <text class="at" x={place - 12} y={height - FOOT + 14} text-anchor="end">
          event {count(at)}
          {here ? ` · ${here.timestamp.slice(11, 19)}` : ""}
        </text>
      </svg>
    </div>
  );
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

function tickInWords(tick: number, span: number): string {
  const said = new Date(tick).toISOString();
  if (span > 2 * DAY_MS) return dayShort(said);
  return span > 10 * MINUTE_MS ? said.slice(11, 16) : said.slice(11, 19);
}

function nearest(events: LogEvent[], at: number): LogEvent | undefined {
  return events.reduce<LogEvent | undefined>((best, one) => (one.position <= at && (!best || one.position > best.position) ? one : best), undefined);
}
