/** What the endpoints answer, by the fields that the page reads. */
export interface RunLine {
  run_id: string;
  status: string;
  portfolio_snapshot_id: string;
  market_snapshot_id: string;
  requested_at: string;
  as_of: string;
  base_currency: string;
  scenario_count: number;
  measure_count: number;
  positions: number;
  priced: number | null;
  failed: number | null;
  partial: number | null;
  seconds: number | null;
}

export interface Failure {
  position_id?: string;
  measure?: string;
  reason?: string;
  detail?: string;
  positions?: number;
  [fact: string]: unknown;
}

export interface RunDocument extends RunLine {
  progress: { chunks: number | null; chunks_done: number; failed_chunks: number[] };
  results: number;
  queryable: boolean;
  /** `up100@1`; BASE stands without a version. */
  scenarios: string[];
  measures: string[];
  columns: string[];
  failure_counts: Record<string, number>;
  failures: Failure[];
  models: { model: string; status: string; version: number; decided_by: string | null }[];
  policy: string | null;
  policy_status: string | null;
  rules: string[];
  actor: string;
  planned_at: string | null;
  completed_at: string | null;
  queryable_at: string | null;
  blocks_root: string | null;
  event_position: number;
}

export interface Snapshot {
  snapshot_id: string;
  kind: string;
  name: string | null;
  as_of: string;
  sha256: string;
  row_counts: Record<string, number>;
  event_position: number;
}

export interface ScenarioLine {
  scenario_id: string;
  version: number;
  name: string;
}

export interface AuditStatus {
  head_position: number;
  sealed_events: number;
  unsealed_events: number;
  last_checkpoint: { tree_size: number; last_position: number; root: string; sealed_at: string } | null;
  failed_verifications: number;
}

export interface Me {
  actor: string;
  role: string;
  nodes: string[];
  /** Operation ids of OpenAPI; null where everything may be done. */
  may: string[] | null;
  auth: "local" | "keys" | "oidc";
  /** Whether who asked for a run must leave its approval to another, and who approved it its publication. */
  four_eyes: boolean;
}

/** Totals of a node or a group; measures stand in columns by their name in lower case. */
export type Figures = Record<string, number | string | null | undefined>;

export interface TreeNode extends Figures {
  node_id: string;
  parent_id: string | null;
  name: string;
  kind: string;
  path: string;
  positions: number;
  scenario_id: string;
  base_currency: string;
  left_out: number;
  reasons: string;
  currency: string | null;
}

export interface PositionRow extends Figures {
  position_id: string;
  instrument_id: string;
  book_id: string;
  product_type: string;
  currency: string;
  scenario_id: string;
  status: string;
  reason: string;
  detail: string;
}

export interface ScenarioChange {
  scenario_id: string;
  base_currency: string;
  pv_base: number | null;
  pv_change_base: number | null;
  positions: number;
  left_out: number;
  [group: string]: unknown;
}
