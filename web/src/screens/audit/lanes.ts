/** The log as four lanes of marks: what was brought, markets, runs, decisions. */
import type { LogEvent } from "../../api/working";

export const LANES = ["Data", "Markets", "Runs", "Decisions"] as const;
export type Lane = (typeof LANES)[number];

const BY_TOPIC: [beginning: RegExp, lane: Lane][] = [
  [/^(run\.(approved|rejected|published|cancelled)|model\.|policy\.approved|limit\.|breach)/, "Decisions"],
  [/^run\./, "Runs"],
  [/^(market\.|scenario|history)/, "Markets"],
  [/^(portfolio\.|snapshot\.|ingestion\.|policy\.|mapping)/, "Data"],
];

/** Null for what belongs to no lane: seals, results that were recorded. */
export function laneOf(event: LogEvent): Lane | null {
  if (event.topic.startsWith("snapshot.")) return event.says.kind === "MARKET" ? "Markets" : "Data";
  return BY_TOPIC.find(([beginning]) => beginning.test(event.topic))?.[1] ?? null;
}

/** The event `steps` after the one at a position, in the order of the log; the first or last where there is none. */
export function stepped(events: LogEvent[], at: number, steps: number): number {
  const places = events.map((one) => one.position).sort((a, b) => a - b);
  if (!places.length) return at;
  let here = places.findIndex((one) => one >= at);
  if (here < 0) here = places.length - 1;
  return places[Math.max(0, Math.min(places.length - 1, here + steps))]!;
}

/** `up100@2 · demo`: what tells events of a kind apart. */
export function saidOf(event: LogEvent): string {
  const { says } = event;
  const name = says.scenario_id ?? says.scenario_set_id ?? says.policy_id ?? says.name ?? says.model ?? says.read_model;
  const version = says.version !== undefined && name ? `@${String(says.version)}` : "";
  const count = typeof says.positions === "number" ? `${says.positions.toLocaleString("en-US")} positions` : "";
  const chunk = typeof says.chunk_no === "number" ? `chunk ${says.chunk_no}` : "";
  return [name ? `${String(name)}${version}` : "", chunk, count, says.reason ? String(says.reason) : ""].filter(Boolean).join(" · ");
}

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;
const STEPS_MS = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200].map((seconds) => seconds * SECOND_MS).concat([1, 2, 7, 14, 30, 90, 365].map((days) => days * DAY_MS));
const MOST_TICKS = 6;

/** Whole steps of the clock in UTC, six at most; of what is longer than their widest, those of its years. */
export function timeTicks(first: number, last: number): number[] {
  const step = STEPS_MS.find((one) => (last - first) / one <= MOST_TICKS) ?? Math.ceil((last - first) / MOST_TICKS / DAY_MS) * DAY_MS;
  const begin = Math.ceil(first / step) * step;
  return Array.from({ length: Math.max(0, Math.floor((last - begin) / step) + 1) }, (_, n) => begin + n * step);
}
