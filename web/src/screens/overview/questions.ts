/** What the overview asks: its totals, limits and, where another run stands beside it, what changed. */
import { question } from "../../api/client";
import type { Figures } from "../../api/shapes";
import type { Difference } from "../compare/questions";

export const WANTED = ["PV", "DV01", "CS01", "ALLOWANCE"];

export function askTotals(run: string, measures: string[]) {
  return question<Figures[], "/api/v1/results/runs/{run_id}/totals">("/api/v1/results/runs/{run_id}/totals", {
    path: { run_id: run },
    query: { by: "total", measures: measures.join(",") },
  });
}

export interface LimitUse {
  limit_id: string;
  group: string | null;
  value: number | null;
  limit: number | null;
  /** The share of the limit that is used. */
  used: number | null;
  /** OK, WARN, BREACH; null where it cannot be said. */
  status: string | null;
}

export function askLimits(run: string) {
  return question<LimitUse[], "/api/v1/regulatory/runs/{run_id}/limits">("/api/v1/regulatory/runs/{run_id}/limits", { path: { run_id: run } });
}

export function askChanges(from: string, to: string) {
  return question<Difference[], "/api/v1/risk/compare">("/api/v1/risk/compare", { query: { from, to, by: "total" } });
}

/** A scenario of a history: a day of it. */
const OF_A_DAY = /\.\d{4}-\d{2}-\d{2}(@\d+)?$/;

export function hasHistory(scenarios: string[]): boolean {
  return scenarios.some((one) => OF_A_DAY.test(one));
}

export interface TailRisk {
  history: string;
  scenarios: number;
  confidence: number;
  es_confidence: number;
  var_base: number | null;
  var_scenario_id: string | null;
  es_base: number | null;
  note: string;
}

/** Of the run's own history; the whole alone. */
export function askVar(run: string) {
  return question<TailRisk[], "/api/v1/risk/runs/{run_id}/var">("/api/v1/risk/runs/{run_id}/var", { path: { run_id: run } });
}
