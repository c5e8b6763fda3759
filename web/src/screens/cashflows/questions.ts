/** Ladder, repricing, liquidity and deals of a run. */
import { question } from "../../api/client";
import type { LadderRow, RepricingRow } from "./ladder";

export interface Chosen {
  run: string;
  scenario: string;
  basis: string;
  buckets: string;
  node: string | null;
}

const narrowed = (node: string | null) => (node ? { node } : {});

export function askLadder({ run, scenario, basis, buckets, node }: Chosen) {
  return question<LadderRow[], "/api/v1/cashflow/runs/{run_id}/ladder">("/api/v1/cashflow/runs/{run_id}/ladder", {
    path: { run_id: run },
    query: { scenario, basis: basis as "BEHAVIOURAL", buckets, by: "total", ...narrowed(node) },
  });
}

export function askRepricing({ run, scenario, basis, buckets, node }: Chosen) {
  return question<RepricingRow[], "/api/v1/cashflow/runs/{run_id}/repricing">("/api/v1/cashflow/runs/{run_id}/repricing", {
    path: { run_id: run },
    query: { scenario, basis: basis as "BEHAVIOURAL", buckets, by: "total", ...narrowed(node) },
  });
}

export interface LiquidityRow {
  rule_set: string;
  paragraph: string;
  side: string;
  item: string;
  currency: string;
  factor: number | null;
  amount_base: number | null;
  weighted_base: number | null;
  positions: number | null;
}

export function askLiquidity(run: string, set: string, scenario: string, node: string | null) {
  return question<LiquidityRow[], "/api/v1/cashflow/runs/{run_id}/liquidity/{rule_set}">("/api/v1/cashflow/runs/{run_id}/liquidity/{rule_set}", {
    path: { run_id: run, rule_set: set as "LCR" },
    query: { scenario, ...narrowed(node) },
  });
}

export interface DealRow {
  deal_id: string;
  instrument_id: string;
  period: number;
  pay_date: string;
  rate: number;
  opening_balance: number;
  interest: number;
  principal: number;
  loss: number;
  closing_balance: number;
}

export function askDeal(run: string, deal: string, scenario: string, basis: string) {
  return question<DealRow[], "/api/v1/cashflow/runs/{run_id}/deals/{deal_id}">("/api/v1/cashflow/runs/{run_id}/deals/{deal_id}", {
    path: { run_id: run, deal_id: deal },
    query: { scenario, basis: basis as "BEHAVIOURAL" },
  });
}

/** `deals` of what was brought; a portfolio without any has none. */
export function askSnapshot(snapshot: string) {
  return question<{ source: { deals?: string[] } }, "/api/v1/ingestion/snapshots/{snapshot_id}">("/api/v1/ingestion/snapshots/{snapshot_id}", {
    path: { snapshot_id: snapshot },
  });
}
