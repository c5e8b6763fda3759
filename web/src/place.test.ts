import { describe, expect, it } from "vitest";
import { addressOf, changed, isScreen, linkFrom, placeOf } from "./place";

describe("the address is the state", () => {
  it("comes back as it was read, commas and versions as they are written", () => {
    const address = "/risk?run=358f0cc2&scenario=stagflation@1&open=BIRCH,BIRCH.LENDING";
    expect(addressOf(placeOf(address))).toBe(address);
  });

  it("leaves out what is not said", () => {
    expect(addressOf(changed(placeOf("/risk?node=A&sort=-PV"), { node: null, sort: "" }))).toBe("/risk");
  });

  it("another screen keeps run and scenario, and nothing of the screen before", () => {
    const place = placeOf("/risk?run=r&scenario=up100@1&node=A&as_of_event=7");
    expect(linkFrom(place, "/capital", { by: "sector" })).toBe("/capital?run=r&scenario=up100@1&as_of_event=7&by=sector");
  });

  it("text that is markup stays text", () => {
    const place = placeOf("/risk");
    const address = addressOf(changed(place, { node: '<img src=x onerror="1">&run=other' }));
    expect(placeOf(address).query).toEqual({ node: '<img src=x onerror="1">&run=other' });
  });

  it.each([
    ["/api/v1/audit/status", false],
    ["/auth/login", false],
    ["/openapi.json", false],
    ["/risk", true],
    ["/docs", true],
  ])("%s is a screen: %s", (path, is) => {
    expect(isScreen(path)).toBe(is);
  });
});
