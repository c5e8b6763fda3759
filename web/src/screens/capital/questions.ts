/** Capital of a run by class, its stress and rate shocks, and what is behind a weight. */
import { pageOf, question } from "../../api/client";
import type { PositionRow } from "../../api/shapes";

export interface CapitalRow {
  node_id: string;
  kind: string;
  ead: number | null;
  rwa_sa: number | null;
  rwa_irb: number | null;
  rwa_us_sa: number | null;
  rwa: number | null;
  floor_add_on: number | null;
  output_floor: number | null;
  allowance: number | null;
  cet1: number | null;
  cet1_ratio: number | null;
  cet1_ratio_us: number | null;
}

export function askCapital(run: string, by: string | null) {
  return question<CapitalRow[], "/api/v1/regulatory/runs/{run_id}/{report}">("/api/v1/regulatory/runs/{run_id}/{report}", {
    path: { run_id: run, report: "capital" },
    query: by ? { by } : {},
  });
}

export interface PathRow {
  scenario: string;
  quarter: number;
  loss: number | null;
  cet1_ratio: number;
}

export function askPath(run: string, scenario: string | null) {
  return question<PathRow[], "/api/v1/regulatory/runs/{run_id}/stress/{report}">("/api/v1/regulatory/runs/{run_id}/stress/{report}", {
    path: { run_id: run, report: "path" },
    query: scenario ? { scenario } : {},
  });
}

export interface MacroRow {
  scenario: string;
  variable: string;
  quarter_index: number;
  quarter: string;
  value: number;
}

export function askMacro(run: string) {
  return question<MacroRow[], "/api/v1/regulatory/runs/{run_id}/stress/{report}">("/api/v1/regulatory/runs/{run_id}/stress/{report}", {
    path: { run_id: run, report: "macro" },
  });
}

export interface ShockRow {
  scenario: string;
  shock: string;
  currency: string;
  delta_eve: number | null;
  delta_nii: number | null;
  eve_loss_share_tier1: number | null;
  outlier: boolean | null;
}

export function askShocks(run: string) {
  return question<ShockRow[], "/api/v1/regulatory/runs/{run_id}/stress/{report}">("/api/v1/regulatory/runs/{run_id}/stress/{report}", {
    path: { run_id: run, report: "irrbb" },
  });
}

export interface RollRow {
  segment: string;
  opening: number;
  provision_new: number;
  provision_exits: number;
  provision_policy: number;
  provision_remeasurement: number;
  initial_pcd: number;
  charge_offs: number;
  recoveries: number;
  fx: number;
  closing: number;
}

export function askRoll(from: string, to: string) {
  return question<RollRow[], "/api/v1/regulatory/rollforward">("/api/v1/regulatory/rollforward", { query: { from, to } });
}

export function askLargest(run: string, by: string, key: string, framework: Framework) {
  const { ead, rwa, weight } = framework;
  return pageOf<PositionRow, "/api/v1/results/runs/{run_id}/positions">("/api/v1/results/runs/{run_id}/positions", {
    path: { run_id: run },
    query: { where: `${by}=${key}`, sort: `-${rwa}_base`, columns: `${ead}_base,${rwa}_base,${weight}`, limit: 20 },
  });
}

export interface Framework {
  name: string;
  measure: string;
  ead: string;
  rwa: "rwa_us_sa" | "rwa_sa" | "rwa_irb";
  weight: string;
}

export const FRAMEWORKS: Framework[] = [
  { name: "US standardised", measure: "RWA_US_SA", ead: "ead_us", rwa: "rwa_us_sa", weight: "risk_weight_us" },
  { name: "Basel standardised", measure: "RWA_SA", ead: "ead_sa", rwa: "rwa_sa", weight: "risk_weight_sa" },
  { name: "Basel IRB", measure: "RWA_IRB", ead: "ead_irb", rwa: "rwa_irb", weight: "risk_weight_irb" },
];
