import { describe, expect, it } from "vitest";
import { fileColumns, isForeign, missingOf, withAnswer, withScale, withTarget, withValue, type Proposed } from "./mapping";

const PROPOSED: Proposed = {
  file: "tape.csv",
  built_in: null,
  missing: [{ column: "instruments.currency", message: "is required", fix: "say it" }],
  questions: [],
  notes: [],
  columns: [{ source: "RATE", target: "instruments.coupon", confidence: "likely", why: "a usual name", examples: ["4.5%", "3.9%"], mapping: { from: "RATE", scale: 0.01 } }],
  attributes: ["MATURES"],
  mapping: { mapping_id: "tape", format: { delimiter: "|" }, columns: { "instruments.coupon": { from: "RATE", scale: 0.01 } } },
  rows: [],
};

describe("a mapping", () => {
  it("has a row for every column of the file, those that are taken for nothing among them", () => {
    const [rate, matures] = fileColumns(PROPOSED, PROPOSED.mapping, () => ["2050", "2051", "2052", "2053"]);
    expect([rate!.target, rate!.said?.confidence, rate!.examples]).toEqual(["instruments.coupon", "likely", ["4.5%", "3.9%"]]);
    expect([matures!.target, matures!.examples]).toEqual([null, ["2050", "2051", "2052"]]);
  });
  it("lacks what is required until a column or a value stands for it", () => {
    expect(missingOf(PROPOSED, PROPOSED.mapping)).toHaveLength(1);
    expect(missingOf(PROPOSED, withValue(PROPOSED.mapping, "instruments.currency", "USD"))).toEqual([]);
    expect(missingOf(PROPOSED, withValue(PROPOSED.mapping, "instruments.currency", " "))).toHaveLength(1);
    expect(missingOf(PROPOSED, withTarget(PROPOSED.mapping, "MATURES", "instruments.currency"))).toEqual([]);
  });
  it("takes a column for one thing, and a thing from one column", () => {
    const moved = withTarget(PROPOSED.mapping, "MATURES", "instruments.coupon");
    expect(moved.columns).toEqual({ "instruments.coupon": { from: "MATURES" } });
    expect(withTarget(PROPOSED.mapping, "RATE", null).columns).toEqual({});
    expect(withTarget(PROPOSED.mapping, "RATE", "positions.notional").columns).toEqual({ "positions.notional": { from: "RATE", scale: 0.01 } });
  });
  it("reads a number in its unit, and a value as a number where it is one", () => {
    expect(withScale(PROPOSED.mapping, "instruments.coupon", null).columns["instruments.coupon"]).toEqual({ from: "RATE" });
    expect(withScale(PROPOSED.mapping, "instruments.coupon", 0.0001).columns["instruments.coupon"]!.scale).toBe(0.0001);
    expect(withValue(PROPOSED.mapping, "instruments.frequency", "12").columns["instruments.frequency"]).toEqual({ value: 12 });
    expect(withValue(PROPOSED.mapping, "instruments.day_count", "30/360").columns["instruments.day_count"]).toEqual({ value: "30/360" });
  });
  it("holds what was answered where the question says", () => {
    const ask = (path: string, choice: string, message = "") => withAnswer(PROPOSED.mapping, { path, message, choices: [choice] }, choice);
    expect(ask("format.dates", "MM/DD/YYYY").format).toEqual({ delimiter: "|", dates: "MM/DD/YYYY" });
    expect(ask("format.decimal", '"thousands": ","').format).toEqual({ delimiter: "|", thousands: "," });
    expect(ask("columns.instruments.rate_type.map", "FIXED", "what is 'FRM' of TYPE?").columns["instruments.rate_type"]).toEqual({ map: { FRM: "FIXED" } });
  });
});

it.each([
  [["tape.csv"], true],
  [["my/tape.txt.gz"], true],
  [["assets.xml"], true],
  [["positions.csv"], false],
  [["fund.zip"], false],
  [["tape.csv", "positions.csv"], false],
])("%s: is it foreign? %s", (names, is) => {
  expect(isForeign(names)).toBe(is);
});
