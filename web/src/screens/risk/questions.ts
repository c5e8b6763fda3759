/** What the risk screen asks: four questions, whatever is opened or chosen. */
import { pageOf, question } from "../../api/client";
import type { Figures, PositionRow, ScenarioChange, TreeNode } from "../../api/shapes";

export const WANTED = ["PV", "DV01", "CS01", "EFFECTIVE_DURATION", "YIELD"];
export const POSITIONS_OF_A_PAGE = 200;

export function askTree(run: string, measures: string[]) {
  return question<TreeNode[], "/api/v1/portfolio/runs/{run_id}/tree">("/api/v1/portfolio/runs/{run_id}/tree", {
    path: { run_id: run },
    query: { measures: measures.join(",") },
  });
}

export function askTotals(run: string, measures: string[]) {
  return question<Figures[], "/api/v1/results/runs/{run_id}/totals">("/api/v1/results/runs/{run_id}/totals", {
    path: { run_id: run },
    query: { by: "total", measures: measures.join(",") },
  });
}

export function askChanges(run: string) {
  return question<ScenarioChange[], "/api/v1/risk/runs/{run_id}/scenarios">("/api/v1/risk/runs/{run_id}/scenarios", {
    path: { run_id: run },
    query: { by: "node" },
  });
}

export interface KeyRate {
  scenario_id: string;
  tenor: string;
  tenor_yr: number;
  base_currency: string;
  key_rate_dv01_base: number | null;
}

export function askKeyRates(run: string, node: string | null) {
  return question<KeyRate[], "/api/v1/risk/runs/{run_id}/key-rates">("/api/v1/risk/runs/{run_id}/key-rates", {
    path: { run_id: run },
    query: node ? { by: "node", key: node } : { by: "total" },
  });
}

export function askPositions(run: string, node: string, measures: string[], limit = POSITIONS_OF_A_PAGE) {
  return pageOf<PositionRow, "/api/v1/results/runs/{run_id}/positions">("/api/v1/results/runs/{run_id}/positions", {
    path: { run_id: run },
    query: { node, sort: "-pv_base", limit, measures: measures.join(",") },
  });
}

/** The same positions under a scenario, by their ids. */
export function askPositionsUnder(run: string, scenario: string, ids: string[]) {
  const list = ids.map((id) => `'${id.replaceAll("'", "''")}'`).join(",");
  return pageOf<PositionRow, "/api/v1/results/runs/{run_id}/positions">("/api/v1/results/runs/{run_id}/positions", {
    path: { run_id: run },
    query: { where: `position_id in (${list})`, scenario, columns: "pv_base", limit: ids.length },
  });
}
