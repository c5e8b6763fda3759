/** The proof of a number, worked out in this browser from what the log says; nothing is taken on trust. */
import type { Inclusion, LogKey } from "../api/working";
import { rootOf } from "./merkle";
import { isSignedBy, readNote, type Verdict } from "./note";

export interface Proof {
  /** The leaf leads to the root that the checkpoint names. */
  isIncluded: boolean;
  signature: Verdict;
  /** The key whose signature holds. */
  key: LogKey | null;
  siblings: number;
  size: number;
  position: number | null;
  at: string | null;
  root: string;
  ms: number;
}

export async function checkProof(inclusion: Inclusion, keys: LogKey[]): Promise<Proof> {
  const started = performance.now();
  const note = readNote(inclusion.checkpoint);
  const root = await rootOf(inclusion.leaf_hash, inclusion.leaf_index, inclusion.tree_size, inclusion.path);
  const isIncluded = note !== null && root !== null && root === note.root && note.size === inclusion.tree_size;
  const [signature, key] = note ? await signer(note, keys) : (["fails", null] as const);
  return {
    isIncluded,
    signature,
    key,
    siblings: inclusion.path.length,
    size: inclusion.tree_size,
    position: note?.position ?? null,
    at: note?.at ?? null,
    root: note?.root ?? inclusion.root,
    ms: performance.now() - started,
  };
}

async function signer(note: NonNullable<ReturnType<typeof readNote>>, keys: LogKey[]): Promise<readonly [Verdict, LogKey | null]> {
  let found: Verdict = "fails";
  for (const key of [...keys].reverse()) {
    const verdict = await isSignedBy(note, key.public_key);
    if (verdict === "holds") return ["holds", key];
    if (verdict === "unknown") found = "unknown";
  }
  return [found, null];
}
