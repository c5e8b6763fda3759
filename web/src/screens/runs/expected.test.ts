import { describe, expect, it } from "vitest";
import { expectedSeconds } from "./expected";

describe("the time that a run may take", () => {
  it("is that of the median pace of the last three that ended", () => {
    const lines = [{ seconds: null, results: 0 }, { seconds: 10, results: 1000 }, { seconds: 1, results: 300 }, { seconds: 1, results: 50 }, { seconds: 1, results: 1e9 }];
    expect(expectedSeconds(lines, 200)).toBe(2);
  });
  it("is not known before there was one", () => {
    expect(expectedSeconds([], 200)).toBeNull();
  });
});
