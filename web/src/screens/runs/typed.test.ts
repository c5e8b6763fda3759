import { describe, expect, it } from "vitest";
import { presetOf, PRESETS } from "./measures";
import { curl, python, shell } from "./typed";

const WISH = { portfolio: "aa", market: "bb", scenarios: ["up100@1", "it's"], measures: ["PV"], require_approved_models: false };

describe("the same, typed", () => {
  it("is what a shell takes", () => {
    expect(shell(WISH)).toBe("tenor run submit \\\n  --portfolio aa \\\n  --market bb \\\n  --scenarios up100@1,it's \\\n  --measures PV");
    expect(shell({ ...WISH, scenarios: [], measures: [], require_approved_models: true })).toBe("tenor run submit \\\n  --portfolio aa \\\n  --market bb \\\n  --require-approved-models");
  });
  it("keeps an apostrophe inside its quotes", () => {
    expect(curl(WISH, "http://x")).toContain(`"it'\\''s"`);
  });
  it("names what Python names", () => {
    expect(python(WISH)).toContain('measures=["PV"]');
    expect(python({ ...WISH, measures: [] })).not.toContain("measures");
  });
});

describe("presets", () => {
  it("are known by what they hold, in any order", () => {
    for (const [name, measures] of PRESETS) expect(presetOf([...measures].reverse())).toBe(name);
    expect(presetOf(["PV", "DV01"])).toBeNull();
  });
});
