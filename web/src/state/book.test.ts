import { describe, expect, it } from "vitest";
import type { RunDocument, RunLine } from "../api/shapes";
import { asItWas, chosenRun, heldScenario } from "./book";

const line = (run_id: string, status: string, measure_count: number): RunLine => ({
  run_id,
  status,
  portfolio_snapshot_id: "p",
  market_snapshot_id: "m",
  requested_at: "2026-01-23T18:00:00Z",
  as_of: "2026-01-23",
  base_currency: "USD",
  scenario_count: 2,
  measure_count,
  positions: 1,
  priced: 1,
  failed: 0,
  partial: 0,
  seconds: 1,
});

describe("the run on the screen", () => {
  it("is that of the address", () => {
    expect(chosenRun("abc", [line("r", "PUBLISHED", 2)])).toBe("abc");
  });

  it("else the newest published one, else the newest with most measures, never one without figures", () => {
    const runs = [line("running", "RUNNING", 40), line("quick", "COMPLETED", 1), line("whole", "COMPLETED", 40), line("old", "COMPLETED", 40)];
    expect(chosenRun(undefined, runs)).toBe("whole");
    expect(chosenRun(undefined, [...runs, line("told", "PUBLISHED", 1)])).toBe("told");
    expect(chosenRun(undefined, [line("failed", "FAILED", 40)])).toBeNull();
  });

  it("shows BASE where it does not hold the scenario", () => {
    expect(heldScenario("up100", ["BASE", "up100@2"])).toBe("up100@2");
    expect(heldScenario("up100@1", ["BASE", "up100@1", "up100@2"])).toBe("up100@1");
    expect(heldScenario("gone@1", ["BASE"])).toBe("BASE");
  });
});

describe("a run as of an event", () => {
  const now = { ...line("r", "PUBLISHED", 2), queryable: true } as RunDocument;
  const after = (...events: string[]) => events.map((event) => ({ event }));

  it("is in the state that it was in", () => {
    expect(asItWas(now, after("run.requested", "run.planned", "run.completed"), "7")).toMatchObject({ status: "COMPLETED", queryable: true });
    expect(asItWas({ ...now, failed: 2 }, after("run.requested", "run.completed"), "7").status).toBe("COMPLETED_WITH_EXCEPTIONS");
    expect(asItWas(now, after("run.requested", "run.completed", "run.approved"), "9").status).toBe("APPROVED");
  });

  it("has no figures before it has completed, and is not there before it was asked for", () => {
    expect(asItWas(now, after("run.requested", "run.planned"), "5")).toMatchObject({ status: "PLANNED", queryable: false });
    expect(() => asItWas(now, [], "2")).toThrow("There is no run r as of event 2");
  });
});
