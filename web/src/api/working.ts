/** What the endpoints of runs, scenarios, the log, files and the machinery answer, by the fields that the page reads. */
import type { RunDocument } from "./shapes";

export type Range = [first: number, last: number];

export interface Progress {
  run_id: string;
  status: string;
  progress: RunProgress;
}

export interface RunProgress {
  chunks: number | null;
  chunks_done: number;
  failed_chunks: number[];
  done?: Range[];
  excepted?: Range[];
}

export interface WorkedRun extends Omit<RunDocument, "progress"> {
  progress: RunProgress;
  chunk_size: number;
}

export interface RunEvent {
  event_position: number;
  event: string;
  at: string;
  actor: string;
  payload: Record<string, unknown>;
}

export interface FailureKind {
  status: string;
  reason: string | null;
  sentence: string;
  positions: number;
  first: string | null;
}

export interface Check {
  ok: boolean;
  as_of: string;
  base_currency: string;
  scenarios: string[];
  measures: string[];
  positions: number;
  chunks: number;
  results: number;
  failed: number;
  failures: FailureKind[];
  coarse_curves: { curve_id: string; sentence: string; fix: string }[];
  models_without_approval: { model: string; version: number }[];
  remarks: { code: string; sentence: string; fix: string }[];
}

export interface ExceptionKind {
  status: string;
  reason: string;
  sentence: string;
  product_types: string;
  positions: number;
  notional_base: number | null;
  largest: string;
}

export interface MarketLine {
  snapshot_id: string;
  as_of: string;
  base_currency: string;
  row_counts: Record<string, number>;
  sha256: string;
  registered_at: string;
  brought_at: string;
  actor: string;
  event_position: number;
}

export interface RateNode {
  tenor?: string;
  date?: string;
  rate: number;
}

export interface MarketCurve {
  curve_id: string;
  currency: string;
  kind: string;
  interpolation?: string;
  nodes?: RateNode[];
}

export interface MarketDocument {
  as_of: string;
  base_currency: string;
  curves: MarketCurve[];
  spread_curves?: { curve_id: string; nodes: RateNode[] }[];
  fx_spots?: { pair: string; spot: number }[];
  volatilities?: { surface_id: string; kind: string }[];
  fixings?: unknown[];
}

export interface ScenarioDocument {
  scenario_id: string;
  name?: string;
  shocks: Shock[];
}

export interface Shock {
  kind: string;
  [term: string]: unknown;
}

export interface ScenarioVersion {
  scenario_id: string;
  version: number;
  name: string;
  document: ScenarioDocument;
  defined_at?: string;
  actor?: string;
  versions?: number[];
}

export interface ScenarioSet {
  scenario_set_id: string;
  version: number;
  scenarios: string[];
}

export interface LogEvent {
  position: number;
  originator_id: string;
  version: number;
  topic: string;
  timestamp: string;
  actor: string;
  correlation_id: string | null;
  says: Record<string, string | number | boolean | null>;
}

export interface Inclusion {
  leaf_hash: string;
  leaf_index: number;
  tree_size: number;
  path: string[];
  root: string;
  checkpoint: string;
}

export interface LogKey {
  key_id: string;
  public_key: string;
  previous_key_id: string | null;
  endorsement: string;
  reason: string;
  algorithm: string;
  event_position: number;
  at: string;
  actor: string;
}

export interface Verification {
  version: number;
  event_position: number;
  at: string;
  actor: string;
  ok: boolean;
  events: number;
  blocks: number;
  problems: { code: string; where: string; message: string }[];
  problems_total?: number;
}

export interface FileRow {
  table: string;
  key: string;
  file: string;
  row: number | null;
  file_sha256: string;
  fields: Record<string, unknown>;
}

export interface Lineage {
  number: {
    run_id: string;
    position_id: string;
    measure: string;
    meaning: string;
    unit: string;
    currency: string;
    scenario: string;
    as_of: string;
    values: Record<string, number | null>;
    reason: string | null;
    detail: string | null;
    bytes_match_event: boolean;
    content_matches_event: boolean;
  };
  block: {
    event_position: number;
    stream: string;
    topic: string;
    written_at: string;
    actor: string;
    chunk_no: number;
    content_sha256: string;
    payload_sha256: string;
    payload_bytes: number;
    engine_version: string;
    inclusion: Inclusion | null;
    row_in_chunk: number;
    positions: number;
  };
  portfolio: { snapshot_id: string; sha256: string; event_position: number; registered_at: string; actor: string; row: number; rows: FileRow[] };
  market: {
    snapshot_id: string;
    sha256: string;
    event_position: number;
    actor: string;
    used: {
      as_of: string;
      curves: { used_as: string; curve_id: string; nodes: RateNode[] }[];
      fx_spots: { pair: string; spot: number }[];
      fixings: unknown[];
      volatilities: unknown[];
    };
  };
  models: { model: string; version: number; status: string }[];
  scenario: { scenario: string; document: ScenarioDocument };
  run: { run_id: string; requested_by: string; base_currency: string; commands: { event_position: number; topic: string; actor: string; at: string; correlation_id: string; reason: string | null }[] };
}

export interface Finding {
  table: string;
  row: number | null;
  column: string | null;
  code: string;
  value: string | null;
  message: string;
  fix: string;
}

export interface IngestReport {
  snapshot_id: string | null;
  rows: Record<string, number>;
  rejected: number;
  acceptable: number;
  errors: Finding[];
  warnings: Finding[];
  control_totals: Record<string, Record<string, number>>;
  portfolio: string;
  as_of: string;
  event_position?: number;
}

export interface Asked {
  request_id: string;
  action: string;
  actor: string;
  requested_at: string;
  started_at: string | null;
  ended_at: string | null;
  told: string;
  status: "REQUESTED" | "RUNNING" | "DONE" | "FAILED";
  outcome: (Record<string, unknown> & { tables?: Record<string, { rows: number }>; message?: string; fix?: string }) | null;
}

export interface Projection {
  name: string;
  version: number;
  position: number;
  lag: number;
  events_per_s: number;
  heartbeat_age_s: number | null;
  halted_at: string | null;
  halt_error: string | null;
  dead_letters: number;
  building_version: number | null;
  building_position: number | null;
  previous_version: number | null;
  asked: Asked | null;
  letters?: { position: number; topic: string; error: string; at: string; tries: number }[];
}

export interface Queue {
  waiting: number;
  running: number;
  chunks_waiting: number;
  oldest_s: number;
  backlog_s: number | null;
  failed_last_hour: number;
  runs: { run_id: string; waiting: number; running: number; chunks_waiting: number }[];
}

export interface WorkerState {
  worker_id: string;
  host: string;
  pid: number;
  engine: string | null;
  run_id: string | null;
  chunk_no: number | null;
  chunks_done: number;
  chunks_a_minute: number;
  started_at: string;
  seen_at: string;
  seen_s: number;
  alive: boolean;
}
