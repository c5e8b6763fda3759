import { describe, expect, it } from "vitest";
import type { LogEvent } from "../../api/working";
import { laneOf, saidOf, stepped, timeTicks } from "./lanes";

function event(position: number, topic: string, says: LogEvent["says"] = {}): LogEvent {
  return { position, topic, says, originator_id: "x", version: 1, timestamp: "", actor: "a", correlation_id: null };
}

describe("lanes", () => {
  it("tell what was brought from what was asked and what was decided", () => {
    expect(laneOf(event(1, "snapshot.registered", { kind: "MARKET" }))).toBe("Markets");
    expect(laneOf(event(1, "snapshot.registered", { kind: "PORTFOLIO" }))).toBe("Data");
    expect(laneOf(event(1, "run.completed"))).toBe("Runs");
    expect(laneOf(event(1, "run.approved"))).toBe("Decisions");
    expect(laneOf(event(1, "model.approved"))).toBe("Decisions");
    expect(laneOf(event(1, "sealing_key.rotated"))).toBeNull();
  });
});

describe("steps through the log", () => {
  const events = [event(9, "a"), event(2, "b"), event(5, "c")];
  it("go by event and stop at the ends", () => {
    expect(stepped(events, 5, 1)).toBe(9);
    expect(stepped(events, 5, -1)).toBe(2);
    expect(stepped(events, 2, -1)).toBe(2);
    expect(stepped(events, 100, 0)).toBe(9);
    expect(stepped([], 7, 1)).toBe(7);
  });
});

describe("an event in words", () => {
  it("says what tells it apart", () => {
    expect(saidOf(event(1, "scenario.defined", { scenario_id: "up100", version: 2 }))).toBe("up100@2");
    expect(saidOf(event(1, "position.priced", { chunk_no: 3, positions: 4096 }))).toBe("chunk 3 · 4,096 positions");
  });
});

describe("ticks of the clock", () => {
  const at = (text: string) => Date.parse(`2026-01-23T${text}Z`);
  it("are whole steps, six at most", () => {
    expect(timeTicks(at("10:00:10"), at("10:01:20")).map((one) => new Date(one).toISOString().slice(14, 19))).toEqual(["00:15", "00:30", "00:45", "01:00", "01:15"]);
    expect(timeTicks(at("09:10:00"), at("14:00:00")).map((one) => new Date(one).getUTCHours())).toEqual([10, 11, 12, 13, 14]);
    expect(timeTicks(0, 20 * 365 * 86_400_000).length).toBeLessThanOrEqual(7);
    expect(timeTicks(at("10:00:00"), at("10:00:00"))).toEqual([at("10:00:00")]);
  });
});
