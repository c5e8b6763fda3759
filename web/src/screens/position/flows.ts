/** A schedule by quarter, and the flow that dwarfs the others told in words and cut. */
import type { Flow } from "./questions";

export interface Quarter {
  key: string;
  name: string;
  interest: number;
  principal: number;
}

export function byQuarter(flows: Flow[]): Quarter[] {
  const found = new Map<string, Quarter>();
  for (const flow of flows) {
    const key = quarterOf(flow);
    const [year = "", quarter] = key.split(" ");
    const before = found.get(key) ?? { key, name: quarter === "Q1" || found.size === 0 ? year : "", interest: 0, principal: 0 };
    found.set(key, { ...before, interest: before.interest + flow.interest, principal: before.principal + flow.principal });
  }
  return [...found.values()];
}

export function quarterOf(flow: Flow): string {
  const [year = "", month = "1"] = flow.pay_date.split("-");
  return `${year} Q${Math.ceil(Number(month) / 3)}`;
}

const DWARFS = 4;

/** The quarter that is more than four times the next, and what the axis should end at. */
export function cutOf(quarters: Quarter[]): { at: string; total: number; shown: number } | null {
  const sorted = [...quarters].sort((a, b) => totalOf(b) - totalOf(a));
  const [first, second] = sorted;
  if (!first || !second || totalOf(second) <= 0 || totalOf(first) <= DWARFS * totalOf(second)) return null;
  return { at: first.key, total: totalOf(first), shown: totalOf(second) * 1.25 };
}

export function totalOf(quarter: Quarter): number {
  return quarter.interest + quarter.principal;
}
