import { describe, expect, it } from "vitest";
import { floorOf, place, type Step } from "./Waterfall";

const level = (key: string, value: number): Step => ({ key, name: key, value, shown: "", isLevel: true });
const step = (key: string, value: number): Step => ({ key, name: key, value, shown: "" });

describe("a waterfall", () => {
  it("starts each step where the one before ended", () => {
    const placed = place([level("from", 100), step("new", 20), step("gone", -50), level("to", 70)]);
    expect(placed.map(({ from, to }) => [from, to])).toEqual([
      [0, 100],
      [100, 120],
      [120, 70],
      [0, 70],
    ]);
  });

  it("cuts levels that dwarf their steps, below the lowest of them", () => {
    const { floor, isCut } = floorOf(place([level("from", 12_710), step("new", 116), step("gone", -117), level("to", 12_709)]));
    expect(isCut).toBe(true);
    expect(floor).toBeLessThan(12_709);
    expect(floor).toBeGreaterThan(12_000);
  });

  it("cuts nothing where steps are a part of the level that can be seen, or a level is negative", () => {
    expect(floorOf(place([level("from", 100), step("new", 80), level("to", 180)])).isCut).toBe(false);
    expect(floorOf(place([level("from", -5), step("new", 1), level("to", -4)])).isCut).toBe(false);
  });
});
