import { describe, expect, it } from "vitest";
import { countsOf, squaresOf, statesOf } from "./chunks";

describe("chunks", () => {
  const progress = { chunks: 8, chunks_done: 5, failed_chunks: [6], done: [[0, 2], [4, 4]] as [number, number][], excepted: [[1, 1]] as [number, number][] };
  it("have the state that the ranges say", () => {
    expect(statesOf(progress, [3, 0])).toEqual(["done", "excepted", "done", "now", "done", "waiting", "failed", "waiting"]);
    expect(countsOf(statesOf(progress, [3]))).toEqual({ done: 3, excepted: 1, failed: 1, now: 1, waiting: 2 });
  });
  it("are nothing before the run is planned", () => {
    expect(statesOf({ chunks: null, chunks_done: 0, failed_chunks: [] }, [])).toEqual([]);
    expect(squaresOf([])).toEqual({ squares: [], each: 1 });
  });
  it("share a square where there are too many, and the worst of them shows", () => {
    const { squares, each } = squaresOf(statesOf(progress, []), 3);
    expect(each).toBe(3);
    expect(squares.map((one) => [one.first, one.last, one.state, one.done])).toEqual([
      [0, 2, "done", 3].map((one, n) => (n === 2 ? "excepted" : one)),
      [3, 5, "waiting", 1],
      [6, 7, "failed", 0],
    ]);
  });
});
