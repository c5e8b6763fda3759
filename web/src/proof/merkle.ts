/** From a leaf to the root of the tree it is said to be in: RFC 9162, section 2.1.3.2. */
import { fromHex, sha256, toHex } from "./bytes";

const NODE = new Uint8Array([1]);

/** The root that the path leads to; null where it has the wrong length. */
export async function rootOf(leafHash: string, index: number, size: number, path: string[]): Promise<string | null> {
  if (index < 0 || index >= size) return null;
  let here = index;
  let last = size - 1;
  let root = fromHex(leafHash);
  for (const sibling of path) {
    if (last === 0) return null;
    const beside = fromHex(sibling);
    if (here % 2 === 1 || here === last) {
      root = await sha256(NODE, beside, root);
      while (here % 2 === 0 && here !== 0) {
        here = Math.floor(here / 2);
        last = Math.floor(last / 2);
      }
    } else root = await sha256(NODE, root, beside);
    here = Math.floor(here / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? toHex(root) : null;
}
