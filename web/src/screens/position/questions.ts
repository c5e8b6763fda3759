/** Everything of one position: four questions. */
import { question } from "../../api/client";
import type { PositionRow } from "../../api/shapes";
import type { LineageRow } from "./terms";

export function askPosition(run: string, position: string) {
  return question<PositionRow[], "/api/v1/results/runs/{run_id}/positions/{position_id}">("/api/v1/results/runs/{run_id}/positions/{position_id}", {
    path: { run_id: run, position_id: position },
  });
}

export interface Flow {
  period: number;
  pay_date: string;
  opening_balance: number;
  principal: number;
  interest: number;
  cash_flow: number;
  discount_factor: number | null;
}

export function askFlows(run: string, position: string, scenario: string) {
  return question<Flow[], "/api/v1/cashflow/runs/{run_id}/positions/{position_id}">("/api/v1/cashflow/runs/{run_id}/positions/{position_id}", {
    path: { run_id: run, position_id: position },
    query: { scenario },
  });
}

export interface Inclusion {
  leaf_index: number;
  tree_size: number;
}

export interface Lineage {
  number: { values: Record<string, number | null>; reason: string | null; detail: string | null; bytes_match_event: boolean; content_matches_event: boolean };
  block: { event_position: number; chunk_no: number; row_in_chunk: number; engine_version: string; content_sha256: string; inclusion: Inclusion | null };
  portfolio: { event_position: number; rows: LineageRow[] };
  market: { event_position: number; used: { curves: { curve_id: string; used_as: string }[]; fx_spots: { pair: string; spot: number }[] } };
  models: { model: string; version: number; status: string }[];
}

export function askLineage(run: string, position: string, measure: string, scenario: string) {
  return question<Lineage, "/api/v1/audit/runs/{run_id}/lineage">("/api/v1/audit/runs/{run_id}/lineage", {
    path: { run_id: run },
    query: { position, measure, scenario },
  });
}

export interface Explained {
  measures: {
    measure: string;
    value: number | null;
    rule_set: string;
    rule: string;
    paragraph: string;
    reason: string | null;
    inputs: { name: string; value: unknown; from: string }[];
    steps: { name: string; value: number | null; arithmetic: string }[];
  }[];
}

export function askExplain(run: string, exposure: string) {
  return question<Explained, "/api/v1/regulatory/runs/{run_id}/explain/{exposure_id}">("/api/v1/regulatory/runs/{run_id}/explain/{exposure_id}", {
    path: { run_id: run, exposure_id: exposure },
  });
}
