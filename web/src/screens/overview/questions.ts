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
