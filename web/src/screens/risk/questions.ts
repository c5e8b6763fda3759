/** What the risk screen asks: five questions at most, whatever is opened or chosen. */
import { pageOf, question } from "../../api/client";
import type { Figures, PositionRow, ScenarioChange, TreeNode } from "../../api/shapes";
import { quoted } from "./grouping";

export const WANTED = ["PV", "DV01", "CS01", "EFFECTIVE_DURATION", "YIELD"];
export const POSITIONS_OF_A_PAGE = 200;
export const POSITIONS_OF_A_LATER_PAGE = 1000;

export function askTree(run: string, measures: string[]) {
  return question<TreeNode[], "/api/v1/portfolio/runs/{run_id}/tree">("/api/v1/portfolio/runs/{run_id}/tree", {
    path: { run_id: run },
    query: { measures: measures.join(",") },
  });
}

const filtered = (where: string | null) => (where ? { where } : {});

export function askTotals(run: string, measures: string[], where: string | null = null) {
  return question<Figures[], "/api/v1/results/runs/{run_id}/totals">("/api/v1/results/runs/{run_id}/totals", {
    path: { run_id: run },
    query: { by: "total", measures: measures.join(","), ...filtered(where) },
  });
}

/** Totals of every group under one scenario. */
export function askGroups(run: string, by: string, measures: string[], where: string | null, scenario: string) {
  return question<Figures[], "/api/v1/results/runs/{run_id}/totals">("/api/v1/results/runs/{run_id}/totals", {
    path: { run_id: run },
    query: { by, measures: measures.join(","), scenario, ...filtered(where) },
  });
}

export function askGroupings(run: string) {
  return question<string[], "/api/v1/results/runs/{run_id}/groupings">("/api/v1/results/runs/{run_id}/groupings", { path: { run_id: run } });
}

export function askChanges(run: string, by = "node") {
  return question<ScenarioChange[], "/api/v1/risk/runs/{run_id}/scenarios">("/api/v1/risk/runs/{run_id}/scenarios", {
    path: { run_id: run },
    query: { by },
  });
}

export interface KeyRate {
  scenario_id: string;
  tenor: string;
  tenor_yr: number;
  base_currency: string;
  key_rate_dv01_base: number | null;
}

/** Of one node or group; of the whole run where none is named. */
export function askKeyRates(run: string, by: string, key: string | null) {
  return question<KeyRate[], "/api/v1/risk/runs/{run_id}/key-rates">("/api/v1/risk/runs/{run_id}/key-rates", {
    path: { run_id: run },
    query: key === null ? { by: "total" } : { by, key },
  });
}

/** Whose positions are listed: those at and below a node, those that a filter leaves, or both. */
export interface Whose {
  node?: string;
  where?: string;
}

/** The largest first: a page to look at, then larger ones for whoever reads on. */
export function askPositions(run: string, whose: Whose, measures: string[], cursor: string | undefined) {
  return pageOf<PositionRow, "/api/v1/results/runs/{run_id}/positions">("/api/v1/results/runs/{run_id}/positions", {
    path: { run_id: run },
    query: { ...whose, scenario: "BASE", sort: "-pv_base", limit: cursor ? POSITIONS_OF_A_LATER_PAGE : POSITIONS_OF_A_PAGE, measures: measures.join(","), ...(cursor ? { cursor } : {}) },
  });
}

/** The same positions under a scenario, by their ids. */
export function askPositionsUnder(run: string, scenario: string, ids: string[]) {
  return pageOf<PositionRow, "/api/v1/results/runs/{run_id}/positions">("/api/v1/results/runs/{run_id}/positions", {
    path: { run_id: run },
    query: { where: `position_id in (${ids.map(quoted).join(",")})`, scenario, columns: "pv,pv_base", limit: ids.length },
  });
}
