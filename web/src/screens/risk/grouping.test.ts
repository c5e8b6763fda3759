import { describe, expect, it } from "vitest";
import { conditionOf, conditionsOf, groupsOf, inCurrency, isPlain, joined, namesOf } from "./grouping";

describe("names to group by", () => {
  it("take what follows a band's name for its edges", () => {
    expect(namesOf("desk,fico:620,680,state")).toEqual([{ name: "desk", edges: [] }, { name: "fico", edges: ["620", "680"] }, { name: "state", edges: [] }]);
    expect(namesOf("tag:CHANNEL")).toEqual([{ name: "tag:CHANNEL", edges: [] }]);
    expect(namesOf("origination_date:2024-01-01")).toEqual([{ name: "origination_date", edges: ["2024-01-01"] }]);
    expect([isPlain("state"), isPlain("fico:620"), isPlain("desk,state")]).toEqual([true, false, false]);
  });
});

describe("a filter", () => {
  it("is cut at and, outside quotes and brackets", () => {
    expect(conditionsOf("fico>=700 and state in (CA, NY) and name='this and that'")).toEqual(["fico>=700", "state in (CA, NY)", "name='this and that'"]);
    expect(conditionsOf("fico>=700 and state=CA or state=NY")).toEqual(["fico>=700 and state=CA or state=NY"]);
    expect(conditionsOf("")).toEqual([]);
  });
  it("keeps its meaning when another is joined", () => {
    expect(joined("state=CA or state=NY", "fico>1")).toBe("(state=CA or state=NY) and fico>1");
    expect(joined("state=CA or state=NY")).toBe("state=CA or state=NY");
    expect(joined(null, "fico>1", undefined)).toBe("fico>1");
  });
  it.each([
    ["state", ["CA"], "state='CA'"],
    ["state", ["O'Hara"], "state='O''Hara'"],
    ["state", [""], "state is empty"],
    ["fico:620,680", ["620 to <680"], "fico>=620 and fico<680"],
    ["fico:620,680", ["<620"], "fico<620"],
    ["fico:620,680", [">=680"], "fico>=680"],
    ["desk,fico:620", ["D", ">=620"], "desk='D' and fico>=620"],
  ])("of a group by %s, %s, is %s", (by, values, said) => {
    expect(conditionOf(namesOf(by), values)).toBe(said);
  });
});

describe("groups", () => {
  const row = (state: string, scenario_id: string, pv_base: number) => ({ state, scenario_id, pv_base });
  it("put a scenario's total beside that of BASE", () => {
    const [first, second] = groupsOf([row("CA", "BASE", 5), row("CA", "up100", 4), row("", "BASE", 1), row("CA", "down100", 9)], namesOf("state"), "up100@1");
    expect([first!.name, first!.under?.pv_base, second!.name, second!.under]).toEqual(["CA", 4, "no state", undefined]);
  });
  it("are shown in a currency only where all of them is in it", () => {
    expect(inCurrency({ currency: "EUR", pv: 2, pv_base: 3, yield: 0.1 }, "EUR", "USD")).toMatchObject({ pv_base: 2, yield: 0.1 });
    expect(inCurrency({ currency: null, pv: null, pv_base: 3 }, "EUR", "USD").pv_base).toBeNull();
    expect(inCurrency({ currency: "EUR", pv: 2, pv_base: 3 }, "USD", "USD").pv_base).toBe(3);
  });
});
