/** A checkpoint as a signed note (c2sp.org/signed-note): what it says, and whether a key has signed it. */
import { fromBase64, fromHex, sha256, toHex } from "./bytes";

const BEFORE_SIGNATURES = "\n— ";

export interface Note {
  /** What is signed, with its last line break. */
  text: string;
  origin: string;
  size: number;
  root: string;
  position: number | null;
  at: string | null;
  signatures: { name: string; bytes: Uint8Array<ArrayBuffer> }[];
}

/** Null for what is no note of a log. */
export function readNote(note: string): Note | null {
  const cut = note.indexOf(BEFORE_SIGNATURES);
  if (cut < 0) return null;
  const text = note.slice(0, cut);
  const [origin = "", size = "", root = "", ...rest] = text.split("\n");
  const said = (word: string) => rest.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1) ?? null;
  if (!/^\d+$/.test(size)) return null;
  try {
    const signatures = note.slice(cut + 1).split("\n").flatMap((line) => {
      const [, name, bytes] = line.match(/^— (\S+) (\S+)$/) ?? [];
      return name && bytes ? [{ name, bytes: fromBase64(bytes) }] : [];
    });
    const position = said("position");
    return { text, origin, size: Number(size), root: toHex(fromBase64(root)), position: position ? Number(position) : null, at: said("time"), signatures };
  } catch {
    return null;
  }
}

/** `unknown` where this browser has no Ed25519. */
export type Verdict = "holds" | "fails" | "unknown";

const KEY_HASH_BYTES = 4;
const ED25519 = 1;

/** The four bytes that a signature begins with: of the name and the key. */
export async function keyHash(name: string, publicKey: Uint8Array): Promise<Uint8Array> {
  const hash = await sha256(new TextEncoder().encode(`${name}\n`), new Uint8Array([ED25519]), publicKey);
  return hash.slice(0, KEY_HASH_BYTES);
}

export async function isSignedBy(note: Note, publicKeyHex: string): Promise<Verdict> {
  const publicKey = fromHex(publicKeyHex);
  const wanted = toHex(await keyHash(note.origin, publicKey));
  const mine = note.signatures.find((one) => one.name === note.origin && toHex(one.bytes.slice(0, KEY_HASH_BYTES)) === wanted);
  if (!mine) return "fails";
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    const holds = await crypto.subtle.verify("Ed25519", key, mine.bytes.slice(KEY_HASH_BYTES), new TextEncoder().encode(note.text));
    return holds ? "holds" : "fails";
  } catch {
    return "unknown";
  }
}
