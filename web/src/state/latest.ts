/** The latest five places that somebody went to through the field that finds. */
import type { IconName } from "../parts/Icon";

export interface Visited {
  name: string;
  to: string;
  icon: IconName;
}

const KEPT = "tenor-latest";
const MOST = 5;

export function latest(): Visited[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(kept) ? (kept as Visited[]).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function remember(visited: Visited): void {
  const others = latest().filter((one) => one.to !== visited.to);
  localStorage.setItem(KEPT, JSON.stringify([visited, ...others].slice(0, MOST)));
}
