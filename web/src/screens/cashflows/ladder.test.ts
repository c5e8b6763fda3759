import { describe, expect, it } from "vitest";
import { bucketsOf, nameOf, type LadderRow } from "./ladder";

const row = (bucket: string, currency: string, midpoint_yr: number, principal: number, rate: number): LadderRow => ({
  currency,
  bucket,
  start_date: "2026-01-23",
  end_date: "2026-02-23",
  midpoint_yr,
  scheduled_principal: principal * 0.75,
  prepaid_principal: principal * 0.25,
  recovered_principal: 0,
  principal,
  interest: 2,
  cash_flow: principal + 2,
  principal_base: principal * rate,
  interest_base: 2 * rate,
  cash_flow_base: (principal + 2) * rate,
  positions: 1,
  left_out: 0,
});

describe("the ladder", () => {
  it("has a row a bucket, in base currency and in time's order", () => {
    const found = bucketsOf([row("3M", "USD", 0.2, 10, 1), row("1M", "EUR", 0.04, 100, 1.25), row("1M", "USD", 0.04, 40, 1)]);
    expect(found.map((one) => one.name)).toEqual(["to 1m", "1–3m"]);
    expect(found[0]).toMatchObject({ scheduled: 123.75, prepaid: 41.25, principal: 165, interest: 4.5, flow: 169.5, cumulative: 169.5 });
    expect(found[1]?.cumulative).toBe(181.5);
    expect(found[0]?.other).toBe(0);
  });

  it("what lies beyond the last bucket comes last, and principal that is none of the parts stands by itself", () => {
    const exchanged = { ...row("1M", "USD", 0.04, 40, 1), principal: 50, principal_base: 50 };
    const found = bucketsOf([{ ...row(">1M", "USD", 0, 8, 1), midpoint_yr: null, end_date: null }, exchanged]);
    expect(found.map((one) => one.name)).toEqual(["to 1m", "over 1m"]);
    expect(found[0]?.other).toBe(10);
  });

  it.each([
    ["1M", undefined, "to 1m"],
    ["1Y", "6M", "6m–1y"],
    ["3Y", "2Y", "2–3y"],
    [">10Y", "10Y", "over 10y"],
  ])("names %s after %s as %s", (bucket, before, name) => {
    expect(nameOf(bucket, before)).toBe(name);
  });
});
