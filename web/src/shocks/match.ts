/** Patterns as a shell matches them, with regard to case; and names near one that matches nothing. */

/** `*` any text, `?` one character, `[abc]`, `[!abc]`. */
export function matches(pattern: string, name: string): boolean {
  return expression(pattern).test(name);
}

function expression(pattern: string): RegExp {
  let text = "";
  for (let n = 0; n < pattern.length; n++) {
    const letter = pattern[n]!;
    const close = letter === "[" ? pattern.indexOf("]", n + 2) : -1;
    if (letter === "*") text += ".*";
    else if (letter === "?") text += ".";
    else if (close > 0) {
      const inside = pattern.slice(n + 1, close).replace(/\\/g, "\\\\").replace(/^!/, "^");
      text += `[${inside}]`;
      n = close;
    } else text += letter.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  }
  return new RegExp(`^${text}$`, "s");
}

const MOST = 3;
const FARTHEST = 2;

/** The names most like a pattern, by how many letters would have to change. */
export function near(pattern: string, names: string[]): string[] {
  const typed = pattern.replace(/[*?]/g, "").toLowerCase();
  return names
    .map((name) => ({ name, far: distance(typed, name.toLowerCase().slice(0, Math.max(typed.length, 3))) }))
    .filter((one) => one.far <= FARTHEST)
    .sort((a, b) => a.far - b.far)
    .slice(0, MOST)
    .map((one) => one.name);
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
