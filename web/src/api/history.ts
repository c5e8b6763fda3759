/** Which reads can be asked as they were at an event of the log. The types hold the list to the server's own. */
import type { paths } from "./schema";

type Queried<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? Extract<keyof NonNullable<Q>, "as_of_event"> : never;
export type KeptPath = { [P in keyof paths]: [Queried<P>] extends [never] ? never : P }[keyof paths];

/** The log itself is shown whole: what is later stands greyed in it. */
const KEPT: Record<Exclude<KeptPath, "/api/v1/audit/events">, true> = {
  "/api/v1/cashflow/runs/{run_id}/deals/{deal_id}": true,
  "/api/v1/cashflow/runs/{run_id}/ladder": true,
  "/api/v1/cashflow/runs/{run_id}/ladder/positions": true,
  "/api/v1/cashflow/runs/{run_id}/liquidity/{rule_set}": true,
  "/api/v1/cashflow/runs/{run_id}/positions/{position_id}": true,
  "/api/v1/cashflow/runs/{run_id}/repricing": true,
  "/api/v1/ingestion/mappings": true,
  "/api/v1/ingestion/snapshots/{snapshot_id}": true,
  "/api/v1/marketdata/markets": true,
  "/api/v1/marketdata/markets/{snapshot_id}": true,
  "/api/v1/orchestrator/runs": true,
  "/api/v1/orchestrator/runs/{run_id}": true,
  "/api/v1/orchestrator/runs/{run_id}/history": true,
  "/api/v1/portfolio/runs/{run_id}/tree": true,
  "/api/v1/portfolio/snapshots": true,
  "/api/v1/regulatory/runs/{run_id}/explain/{exposure_id}": true,
  "/api/v1/regulatory/runs/{run_id}/limits": true,
  "/api/v1/regulatory/runs/{run_id}/stress/{report}": true,
  "/api/v1/regulatory/runs/{run_id}/{report}": true,
  "/api/v1/results/runs/{run_id}/exceptions": true,
  "/api/v1/results/runs/{run_id}/positions": true,
  "/api/v1/results/runs/{run_id}/positions/{position_id}": true,
  "/api/v1/results/runs/{run_id}/top": true,
  "/api/v1/results/runs/{run_id}/totals": true,
  "/api/v1/risk/compare": true,
  "/api/v1/risk/compare/positions": true,
  "/api/v1/risk/runs/{run_id}/key-rates": true,
  "/api/v1/risk/runs/{run_id}/scenarios": true,
  "/api/v1/risk/runs/{run_id}/var": true,
  "/api/v1/scenario/scenarios": true,
  "/api/v1/scenario/sets": true,
};

export function keepsHistory(path: string): boolean {
  return path in KEPT;
}
