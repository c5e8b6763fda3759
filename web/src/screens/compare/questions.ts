/** Plain differences of two runs, by group and by position. */
import { question } from "../../api/client";

export interface Difference {
  [group: string]: unknown;
  from: number;
  new: number;
  gone: number;
  changed: number;
  one_side: number;
  to: number;
  change: number;
  positions_from: number;
  positions_to: number;
  positions_new: number;
  positions_gone: number;
  positions_changed: number;
  positions_one_side: number;
  base_currency: string;
}

export interface Mover {
  position_id: string;
  product_type: string;
  book_from: string | null;
  book_to: string | null;
  kind: string;
  from: number | null;
  to: number | null;
  change: number;
}

interface Two {
  from: string;
  to: string;
  measure: string;
  scenario: string;
}

export function askDifferences({ from, to, measure, scenario }: Two, by: string) {
  return question<Difference[], "/api/v1/risk/compare">("/api/v1/risk/compare", { query: { from, to, measure, scenario, by } });
}

export function askMovers({ from, to, measure, scenario }: Two, node: string | null, limit = 12) {
  return question<Mover[], "/api/v1/risk/compare/positions">("/api/v1/risk/compare/positions", {
    query: { from, to, measure, scenario, limit, ...(node ? { node } : {}) },
  });
}

/** The parts that lead from one total to the other, in the order in which they are shown. */
export const PARTS = [
  ["new", "New"],
  ["gone", "Gone"],
  ["changed", "Changed"],
  ["one_side", "One side only"],
] as const;
