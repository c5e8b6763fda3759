/** What needs somebody, most urgent first: what, why, and one button. */
import type { RunDocument, RunLine } from "../../api/shapes";
import type { IconName } from "../../parts/Icon";
import { reasonInWords } from "../../numbers/blanks";
import { clock, count, counted, day, level, percent, short } from "../../numbers/format";
import { link } from "../../place";
import { statusInWords } from "../../shell/words";
import { limitInWords, scaleOf } from "./limits";
import type { LimitUse } from "./questions";

export interface Need {
  key: string;
  kind: "bad" | "warn" | "";
  icon: IconName;
  what: string;
  why: string;
  more: string;
  button: string;
  to: string;
}

const ENDED_BADLY = ["FAILED", "CANCELLED"];
const WAITING = ["COMPLETED", "COMPLETED_WITH_EXCEPTIONS"];
const MOST_RUNS = 3;
const MOST_NEAR = 2;

export function needsOf(run: RunDocument, rows: RunLine[], limits: LimitUse[]): Need[] {
  return [...passed(limits, run.base_currency), ...waiting(rows), ...failed(rows), ...missing(run), ...undecided(run)];
}

function passed(limits: LimitUse[], currency: string): Need[] {
  const limitNeed = (one: LimitUse, kind: Need["kind"], what: string) => needOf(one, kind, what, currency);
  const breached = limits.filter((one) => one.status === "BREACH").map((one) => limitNeed(one, "bad", "Limit passed"));
  const near = limits.filter((one) => one.status === "WARN").sort((a, b) => (b.used ?? 0) - (a.used ?? 0));
  if (near.length <= MOST_NEAR) return [...breached, ...near.map((one) => limitNeed(one, "warn", "Limit near"))];
  const [fullest] = near;
  const folded: Need = { ...limitNeed(fullest!, "warn", `${count(near.length)} limits near`), key: "limits-near", why: near.map(limitNamed).join("; ") };
  return [...breached, { ...folded, more: `${percent(fullest!.used ?? 0, 0)} of the fullest is used` }];
}

function needOf(one: LimitUse, kind: Need["kind"], what: string, currency: string): Need {
  const { by, digits, unit } = scaleOf(one);
  const said = one.value === null || one.limit === null ? "" : `: ${level(one.value / by, digits)} of ${level(one.limit / by, digits)} ${unit(currency)}`;
  return {
    key: `limit-${one.limit_id}-${one.group ?? ""}`,
    kind,
    icon: "warning",
    what,
    why: `${limitNamed(one)}${said.trimEnd()}`,
    more: one.used === null ? "" : `${percent(one.used, 0)} of the limit is used`,
    button: "Look",
    to: link("/capital"),
  };
}

function limitNamed(one: LimitUse): string {
  return `${limitInWords(one.limit_id)}, ${one.group || "all funds"}`;
}

function waiting(rows: RunLine[]): Need[] {
  const asked = rows.filter((one) => WAITING.includes(one.status)).slice(0, MOST_RUNS);
  return asked.map((one) => ({
    key: `waits-${one.run_id}`,
    kind: "warn",
    icon: "runs",
    what: "Run waits for approval",
    why: `${short(one.run_id)}, as of ${day(one.as_of)}`,
    more: `asked for ${day(one.requested_at)} ${clock(one.requested_at)} · ${one.failed || one.partial ? `${count((one.failed ?? 0) + (one.partial ?? 0))} left out` : "no exceptions"}`,
    button: "Open",
    to: link(`/runs/${one.run_id}`),
  }));
}

function failed(rows: RunLine[]): Need[] {
  const newest = rows[0];
  if (!newest || !ENDED_BADLY.includes(newest.status)) return [];
  return [{ key: `failed-${newest.run_id}`, kind: "bad", icon: "error", what: `Run ${statusInWords(newest.status).toLowerCase()}`, why: `${short(newest.run_id)}, as of ${day(newest.as_of)}`, more: "nothing newer has taken its place", button: "Open", to: link(`/runs/${newest.run_id}`) }];
}

function missing(run: RunDocument): Need[] {
  const number = run.failure_counts.MISSING_MARKET_DATA ?? 0;
  if (!number) return [];
  const detail = run.failures.find((one) => one.reason === "MISSING_MARKET_DATA")?.detail;
  return [{ key: "missing", kind: "warn", icon: "curve", what: "Market data missing", why: `${counted(number, "position")} left out`, more: detail ?? reasonInWords("MISSING_MARKET_DATA"), button: "Add it", to: link("/data") }];
}

function undecided(run: RunDocument): Need[] {
  const open = run.models.filter((one) => one.status !== "APPROVED");
  if (!open.length) return [];
  return [{ key: "models", kind: "", icon: "key", what: "Models not approved", why: `${open.length} of ${run.models.length} models used in this run have no decision`, more: "runs that require approved models would be refused", button: "Review", to: link("/docs", { part: "models" }) }];
}
