/** A run as squares: each a chunk, or several where there are more than the eye can take. */
import type { Range, RunProgress } from "../../api/working";

export type ChunkState = "done" | "excepted" | "failed" | "now" | "waiting";

export interface Square {
  first: number;
  last: number;
  state: ChunkState;
  /** Of the chunks in it. */
  done: number;
}

export const MOST_SQUARES = 2_000;

export interface Counts {
  done: number;
  excepted: number;
  failed: number;
  now: number;
  waiting: number;
}

export function statesOf(progress: RunProgress, atWork: Iterable<number>): ChunkState[] {
  const states = new Array<ChunkState>(progress.chunks ?? 0).fill("waiting");
  const mark = (ranges: Range[] | undefined, state: ChunkState) => {
    for (const [first, last] of ranges ?? []) states.fill(state, first, last + 1);
  };
  mark(progress.done, "done");
  mark(progress.excepted, "excepted");
  for (const chunk of atWork) if (states[chunk] === "waiting") states[chunk] = "now";
  for (const chunk of progress.failed_chunks) states[chunk] = "failed";
  return states;
}

export function countsOf(states: ChunkState[]): Counts {
  const counts: Counts = { done: 0, excepted: 0, failed: 0, now: 0, waiting: 0 };
  for (const state of states) counts[state] += 1;
  return counts;
}

/** Of a square of several: what is worst in it, else how far it is. */
const RANK: ChunkState[] = ["failed", "now", "waiting", "excepted", "done"];

export function squaresOf(states: ChunkState[], most = MOST_SQUARES): { squares: Square[]; each: number } {
  const each = Math.max(1, Math.ceil(states.length / most));
  const squares: Square[] = [];
  for (let first = 0; first < states.length; first += each) {
    const some = states.slice(first, first + each);
    const state = RANK.find((one) => some.includes(one))!;
    squares.push({ first, last: first + some.length - 1, state, done: some.filter((one) => one === "done" || one === "excepted").length });
  }
  return { squares, each };
}
