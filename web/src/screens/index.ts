/** Every screen: its address, its name in the rail, its key after `g`, and where its code is. */
import type { ComponentType } from "preact";
import type { IconName } from "../parts/Icon";

export interface ScreenProps {
  /** What stands for the parts in braces of the address. */
  parts: Record<string, string>;
}

export interface Screen {
  path: string;
  name: string;
  /** Where it stands in the rail; absent for a place inside another screen. */
  group?: "The book" | "What if, and why" | "Proof";
  /** The screen that the rail marks while this one is shown. */
  inside?: string;
  icon: IconName;
  key?: string;
  load(): Promise<{ default: ComponentType<ScreenProps> }>;
}

export const SCREENS: Screen[] = [
  { path: "/", name: "Overview", group: "The book", icon: "overview", key: "o", load: () => import("./overview") },
  { path: "/risk", name: "Risk", group: "The book", icon: "risk", key: "r", load: () => import("./risk") },
  { path: "/positions/{position_id}", name: "Position", inside: "/risk", icon: "file", load: () => import("./position") },
  { path: "/cashflows", name: "Cash flows", group: "The book", icon: "cashflows", key: "c", load: () => import("./cashflows") },
  { path: "/capital", name: "Capital", group: "The book", icon: "capital", key: "k", load: () => import("./capital") },
  { path: "/scenarios", name: "Scenarios", group: "What if, and why", icon: "scenarios", key: "s", load: () => import("./scenarios") },
  { path: "/runs", name: "Runs", group: "What if, and why", icon: "runs", key: "n", load: () => import("./runs") },
  { path: "/runs/new", name: "New run", inside: "/runs", icon: "runs", load: () => import("./runs/New") },
  { path: "/runs/{id}", name: "Run", inside: "/runs", icon: "runs", load: () => import("./runs") },
  { path: "/compare", name: "Compare", group: "What if, and why", icon: "compare", key: "m", load: () => import("./compare") },
  { path: "/audit", name: "Audit", group: "Proof", icon: "audit", key: "a", load: () => import("./audit") },
  { path: "/data", name: "Data", group: "Proof", icon: "data", key: "d", load: () => import("./data") },
  { path: "/operations", name: "Operations", group: "Proof", icon: "operations", key: "p", load: () => import("./operations") },
  { path: "/gallery", name: "States", icon: "table", load: () => import("./gallery") },
  { path: "/docs", name: "Reference", icon: "info", load: () => import("./docs") },
];

/** The screen at an address, and what its parts stand for. */
export function screenAt(path: string, screens: Screen[] = SCREENS): { screen: Screen; parts: Record<string, string> } | null {
  for (const screen of screens) {
    const parts = partsOf(screen.path, path);
    if (parts) return { screen, parts };
  }
  return null;
}

function partsOf(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const parts: Record<string, string> = {};
  for (const [n, want] of wanted.entries()) {
    const have = given[n] ?? "";
    if (want.startsWith("{") && have) parts[want.slice(1, -1)] = decoded(have);
    else if (want !== have) return null;
  }
  return parts;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
