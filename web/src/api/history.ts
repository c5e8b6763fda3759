/** Which reads answer as they were at an event of the log. Figures of a run never change: of them a run's own history says
 *  whether they were there. */
import type { paths } from "./schema";

type Queried<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? Extract<keyof NonNullable<Q>, "as_of_event"> : never;
export type KeptPath = { [P in keyof paths]: [Queried<P>] extends [never] ? never : P }[keyof paths];

const KEPT: readonly KeptPath[] = [
  "/api/v1/ingestion/mappings",
  "/api/v1/marketdata/markets",
  "/api/v1/orchestrator/runs/{run_id}/history",
  "/api/v1/portfolio/snapshots",
  "/api/v1/scenario/scenarios",
  "/api/v1/scenario/sets",
];

export function keepsHistory(path: string): boolean {
  return (KEPT as readonly string[]).includes(path);
}
