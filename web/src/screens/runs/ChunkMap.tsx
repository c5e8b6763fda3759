/** Every chunk a square, in the order of product, book, position; several share one where there are many. */
import { count, counted } from "../../numbers/format";
import { countsOf, squaresOf, type ChunkState, type Square } from "./chunks";

const SIDE = 13;
const GAP = 2.5;
const WIDTH = 760;

const CLASS: Record<ChunkState, string> = { done: "cd", excepted: "ce", failed: "cf", now: "cw", waiting: "cq" };
const WORDS: Record<ChunkState, string> = {
  done: "done",
  excepted: "done, with exceptions",
  failed: "given up",
  now: "being valued",
  waiting: "waiting",
};

export function ChunkMap({ states, chunkSize }: { states: ChunkState[]; chunkSize: number }) {
  const { squares, each } = squaresOf(states);
  const counts = countsOf(states);
  const across = Math.max(1, Math.floor(WIDTH / (SIDE + GAP)));
  const rows = Math.ceil(squares.length / across);
  const kinds = (Object.keys(WORDS) as ChunkState[]).filter((one) => counts[one] || one !== "failed");
  return (
    <>
      <div class="chunks">
        <svg class="ch" viewBox={`0 0 ${WIDTH} ${rows * (SIDE + GAP)}`} role="img" aria-label={`Chunks: ${kinds.map((one) => `${count(counts[one])} ${WORDS[one]}`).join(", ")}`}>
          {squares.map((square, n) => (
            <rect key={square.first} class={CLASS[square.state]} x={(n % across) * (SIDE + GAP) + 0.75} y={Math.floor(n / across) * (SIDE + GAP) + 0.75} width={SIDE - 1.5} height={SIDE - 1.5} rx={2}>
              <title>{nameOf(square)}</title>
            </rect>
          ))}
        </svg>
        <ul class="key">
          {kinds.map((one) => (
            <li key={one}>
              <i class={CLASS[one]} />
              {WORDS[one]} <span>{count(counts[one])}</span>
            </li>
          ))}
        </ul>
      </div>
      <p class="hint">
        {each === 1 ? "A square is a chunk" : `A square is ${count(each)} chunks`} of {counted(chunkSize, "position")}
        {each === 1 ? "" : " each"}, in the order of product, book, position.
      </p>
    </>
  );
}

function nameOf(square: Square): string {
  if (square.first === square.last) return `Chunk ${square.first}: ${WORDS[square.state]}`;
  const all = square.last - square.first + 1;
  return `Chunks ${square.first} to ${square.last}: ${square.done} of ${all} done${square.state === "done" ? "" : `, ${WORDS[square.state]}`}`;
}
