import { describe, expect, it } from "vitest";
import { asText, lookedAt, ways } from "./question";

describe("a number in the address", () => {
  it("is a position and a measure, cut at the last dot", () => {
    expect(lookedAt("P.1.PV")).toEqual({ of: "position", id: "P.1", measure: "PV" });
    expect(lookedAt("node:BIRCH.LENDING.DV01")).toEqual({ of: "node", id: "BIRCH.LENDING", measure: "DV01" });
  });
  it("is none where a part is missing", () => {
    for (const text of [undefined, "", "PV", ".PV", "P1."]) expect(lookedAt(text)).toBeNull();
  });
  it("is written as it is read", () => {
    for (const text of ["P1.PV", "node:A.B.PV"]) expect(asText(lookedAt(text)!)).toBe(text);
  });
  it("can be asked for in other words", () => {
    const [, , [, typed]] = ways(lookedAt("P1.PV")!, "run", "up100@1", "http://x") as [[string, string], [string, string], [string, string]];
    expect(typed).toBe("tenor audit lineage run P1 PV --scenario up100@1");
  });
});
