import { describe, expect, it } from "vitest";
import type { MarketDocument } from "../api/working";
import { matches, near } from "./match";
import { between, preview, yearsOf } from "./preview";

const MARKET: MarketDocument = {
  as_of: "2026-01-31",
  base_currency: "USD",
  curves: [
    { curve_id: "USD-SOFR", currency: "USD", kind: "ZERO", nodes: [{ tenor: "1Y", rate: 0.03 }, { tenor: "5Y", rate: 0.035 }, { tenor: "30Y", rate: 0.04 }] },
    { curve_id: "EUR-ESTR", currency: "EUR", kind: "ZERO", nodes: [{ tenor: "1Y", rate: 0.02 }] },
  ],
  fx_spots: [{ pair: "EURUSD", spot: 1.1 }],
};

describe("patterns", () => {
  it("are those of a shell", () => {
    expect(matches("USD-*", "USD-SOFR")).toBe(true);
    expect(matches("usd-*", "USD-SOFR")).toBe(false);
    expect(matches("USD-SOF?", "USD-SOFR")).toBe(true);
    expect(matches("[UE]*-S*", "USD-SOFR")).toBe(true);
    expect(matches("[!U]*", "USD-SOFR")).toBe(false);
    expect(matches("A.B", "AxB")).toBe(false);
  });
  it("that match nothing have near names", () => {
    expect(near("UDS-*", ["USD-SOFR", "EUR-ESTR"])).toEqual(["USD-SOFR"]);
  });
});

describe("tenors", () => {
  it("clip the end of a month", () => {
    expect(yearsOf("1M", "2026-01-31") * 365).toBe(28);
    expect(yearsOf("1Y", "2026-01-31") * 365).toBe(365);
    expect(yearsOf("1Y3M", "2026-01-31") * 365).toBe(365 + 89);
    expect(yearsOf("2W", "2026-01-31") * 365).toBe(14);
  });
  it("are interpolated, and flat outside", () => {
    expect(between(-1, [[0, 1], [2, 3]])).toBe(1);
    expect(between(1, [[0, 1], [2, 3]])).toBe(2);
    expect(between(9, [[0, 1], [2, 3]])).toBe(3);
  });
});

describe("a preview", () => {
  it("moves the nodes of what matches, one shock after another", () => {
    const seen = preview(MARKET, [{ kind: "PARALLEL", curves: "*", bp: 100 }, { kind: "PARALLEL", curves: "USD-*", bp: -25 }]);
    expect(seen.matched).toBe(2);
    const usd = seen.curves.find((curve) => curve.curve_id === "USD-SOFR")!;
    expect(usd.after.map((point) => point.rate)).toEqual([0.0375, 0.0425, 0.0475].map((rate) => expect.closeTo(rate, 12)));
    expect(usd.before[0]!.rate).toBe(0.03);
  });
  it("bends a key rate between its neighbours alone", () => {
    const [usd] = preview(MARKET, [{ kind: "KEY_RATE", curves: "USD-*", tenor_yr: 5, bp: 50 }]).curves;
    const moved = usd!.after.map((point, n) => (point.rate - usd!.before[n]!.rate) * 10_000);
    expect(moved[0]).toBeCloseTo(0, 9);
    expect(moved[1]).toBeGreaterThan(49.9);
    expect(moved[2]).toBeCloseTo(0, 9);
  });
  it("says what matches nothing, with near names", () => {
    const seen = preview(MARKET, [{ kind: "PARALLEL", curves: "UDS-*", bp: 1 }, { kind: "FX", pair: "GBPUSD", pct: 1 }]);
    expect(seen.errors.get(0)).toBe("Matches no curve. Did you mean USD-SOFR?");
    expect(seen.errors.get(1)).toContain("EURUSD");
  });
  it("moves a spot whichever way it is quoted", () => {
    const [eur] = preview(MARKET, [{ kind: "FX", pair: "EURUSD", pct: 10 }]).others;
    expect(eur!.how).toBe("1.1000 → 1.2100");
    const [usd] = preview(MARKET, [{ kind: "FX", pair: "USDEUR", pct: 10 }]).others;
    expect(usd!.how).toBe("1.1000 → 1.0000");
  });
});
