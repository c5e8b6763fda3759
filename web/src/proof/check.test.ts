import { describe, expect, it } from "vitest";
import type { Inclusion, LogKey } from "../api/working";
import { checkProof } from "./check";
import { rootOf } from "./merkle";
import { readNote } from "./note";

// Of a log of the demonstration, as its service answered: the proof of one block, the checkpoint, the public key.
const INCLUSION: Inclusion = {
  "leaf_hash": "3500dea9f1048c7f9c07f3197ad4629b6ca088e10eaf8e826733b60150dca74c",
  "leaf_index": 63,
  "tree_size": 69,
  "path": [
    "2d95b42809067b0ac6ac208d10432960454e129266b085d847193a5d99811baf",
    "c05c5c31abbf951a770f6b172544b18df259c7cc532e4b5a35534e56af3c13c1",
    "b311032b4b2b3852acd447e53e5aee10e0c44276ab665060587cea5769913e0d",
    "8e75c54482b0ea87f751be3daa5dff813b29ecd588e7ea7db2b39d8a0d6cef2b",
    "7275e5c909c6ed635c7d9c7d48f43362b14f9df7c15bf11cd07fb9e9b8e906e5",
    "9c9ef9b91d761570f98c146f6f89385794d011f1c74e39e5cafa6179cee18e85",
    "3b03fbbe911cbf4070d6702f252ffd7921ddb76fa41e9f7104bd49e3b61de9ae"
  ],
  "root": "b10e1440585edb5871dfa9c266d8c82ed52034757faedb910811e5ec9b8a8574",
  "checkpoint": "tenor.log/b816a447-7eeb-5dd8-9215-9f0a017f2065\n69\nsQ4UQFhe21hx36nCZtjILtUgNHV/rtuRCBHl7JuKhXQ=\nposition 69\ntime 2026-11-29T16:08:58.514063+00:00\nprevious 4e64dbbaf19209e4b45359b200b0f2f45fa8dbf3dc04ed051fbf5d532a6980f6\n\n— tenor.log/b816a447-7eeb-5dd8-9215-9f0a017f2065 c5zKVEPO525cjqQGPisUVswzfYt5KA/9VSrXsTFeWbtrEtz+j9HIb2teDWdnWSdP6uPqs3ewt5+71Y66s8eENUR8fwc=\n"
};
const KEY: LogKey = {
  "key_id": "1f7ec62c33713111dcc57614a0157ef384a84508aa941dc2a1c26b76293a28fc",
  "public_key": "f0eaabff3352003da47a454600a5b7919163aaa251baf52c4b0494b8242a58dc",
  "previous_key_id": null,
  "endorsement": "",
  "reason": "first use",
  "algorithm": "Ed25519",
  "event_position": 38,
  "at": "2026-11-29T16:05:39.552639Z",
  "actor": "sealer"
};

function spoilt(hex: string): string {
  return (hex[0] === "0" ? "1" : "0") + hex.slice(1);
}

describe("a proof of a real log", () => {
  it("holds", async () => {
    const proof = await checkProof(INCLUSION, [KEY]);
    expect(proof.isIncluded).toBe(true);
    expect(proof.signature).toBe("holds");
    expect(proof.key?.key_id).toBe(KEY.key_id);
    expect(proof.root).toBe(INCLUSION.root);
  });
  it("fails where any part of it is another", async () => {
    const leaf = await checkProof({ ...INCLUSION, leaf_hash: spoilt(INCLUSION.leaf_hash) }, [KEY]);
    expect(leaf.isIncluded).toBe(false);
    const path = INCLUSION.path.map((one, n) => (n === 2 ? spoilt(one) : one));
    expect((await checkProof({ ...INCLUSION, path }, [KEY])).isIncluded).toBe(false);
    expect((await checkProof({ ...INCLUSION, leaf_index: INCLUSION.leaf_index - 1 }, [KEY])).isIncluded).toBe(false);
    expect((await checkProof({ ...INCLUSION, path: INCLUSION.path.slice(1) }, [KEY])).isIncluded).toBe(false);
  });
  it("fails where the note or the key is another", async () => {
    const later = INCLUSION.checkpoint.replace(/time 2026/, "time 2027");
    expect((await checkProof({ ...INCLUSION, checkpoint: later }, [KEY])).signature).toBe("fails");
    const other = { ...KEY, public_key: spoilt(KEY.public_key) };
    const proof = await checkProof(INCLUSION, [other]);
    expect([proof.signature, proof.key]).toEqual(["fails", null]);
  });
});

describe("trees", () => {
  it("of one leaf are their leaf", async () => {
    expect(await rootOf("ab".repeat(32), 0, 1, [])).toBe("ab".repeat(32));
    expect(await rootOf("ab".repeat(32), 1, 1, [])).toBeNull();
    expect(await rootOf("ab".repeat(32), 0, 2, [])).toBeNull();
  });
});

describe("a note", () => {
  it("says what it seals", () => {
    const note = readNote(INCLUSION.checkpoint)!;
    expect(note.size).toBe(INCLUSION.tree_size);
    expect(note.root).toBe(INCLUSION.root);
    expect(note.position).toBe(69);
  });
  it("is none without signature, or with a size that is no number", () => {
    expect(readNote("tenor.log/x\n1\nAA==\n")).toBeNull();
    expect(readNote("tenor.log/x\none\nAA==\n\n— tenor.log/x AA==\n")).toBeNull();
  });
});
