import { describe, expect, it } from "vitest";
import { change, clock, day, duration, exact, exactGrouped, level, percent, ratio } from "./format";

describe("numbers on the screen", () => {
  it.each([
    [12_769_187_654, 1e6, 1, "12,769.2"],
    [-0.04, 1, 1, "0.0"],
    [-958.94, 1, 1, "−958.9"],
    [0, 1, 2, "0.00"],
  ])("a level of %d over %d with %d digits", (value, scale, digits, shown) => {
    expect(level(value / scale, digits)).toBe(shown);
  });

  it.each([
    [41.22, "+41.2"],
    [-18.4, "−18.4"],
    [0.04, "0.0"],
    [-0.04, "0.0"],
  ])("a change of %d has its sign, nothing has none", (value, shown) => {
    expect(change(value, 1)).toBe(shown);
  });

  it("percentages have a thin space", () => {
    expect(percent(0.04931, 3)).toBe("4.931\u2009%");
    expect(percent(-0.075, 1, true)).toBe("−7.5\u2009%");
  });

  it("the stored double comes back to the last digit", () => {
    expect(Number(exact(12708872075.6991))).toBe(12708872075.6991);
    expect(exact(-0)).toBe("0");
    expect(exactGrouped(-1234567.5)).toBe("−1,234,567.5");
  });

  it("a share of next to nothing is no share", () => {
    expect(ratio(19.7, 0.0002, 178)).toBeNull();
    expect(ratio(-282.1, 3548.6, 3548.6)).toBeCloseTo(-0.0795, 4);
  });

  it("dates, times and lengths", () => {
    expect(day("2026-01-23")).toBe("23 Jan 2026");
    expect(clock("2026-01-23T22:47:10+00:00")).toBe("22:47");
    expect(duration(6.12)).toBe("6.1 s");
    expect(duration(240)).toBe("4 min");
  });
});
