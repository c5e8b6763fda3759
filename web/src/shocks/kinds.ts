/** Kinds of shocks that can be put together here, with their terms; how each is said in words. */
import type { Shock } from "../api/working";

export interface Term {
  name: string;
  label: string;
  unit?: string;
  kind: "number" | "text" | "choice";
  choices?: string[];
  width?: "narrow" | "wide";
}

export interface ShockKind {
  kind: string;
  what: string;
  terms: Term[];
  start: Shock;
}

const CURVES: Term = { name: "curves", label: "Curves", kind: "text" };
const BP: Term = { name: "bp", label: "Size", unit: "bp", kind: "number", width: "narrow" };
const TIMES: Term = { name: "multiplier", label: "Times", unit: "×", kind: "number", width: "narrow" };
const TENORS = ["0.25", "0.5", "1", "2", "3", "5", "7", "10", "15", "20", "30"];

export const SHOCK_KINDS: ShockKind[] = [
  { kind: "PARALLEL", what: "all rates alike", terms: [CURVES, BP], start: { kind: "PARALLEL", curves: "*", bp: 100 } },
  { kind: "KEY_RATE", what: "one tenor and around it", terms: [CURVES, { name: "tenor_yr", label: "Tenor", unit: "Y", kind: "choice", choices: TENORS, width: "narrow" }, BP], start: { kind: "KEY_RATE", curves: "*", tenor_yr: 5, bp: 50 } },
  {
    kind: "TWIST",
    what: "short against long",
    terms: [CURVES, { ...BP, name: "short_bp", label: "Short" }, { ...BP, name: "long_bp", label: "Long" }, { name: "pivot_yr", label: "Pivot", unit: "Y", kind: "number", width: "narrow" }],
    start: { kind: "TWIST", curves: "*", short_bp: -25, long_bp: 25, pivot_yr: 5 },
  },
  { kind: "SPREAD", what: "spreads of matching positions", terms: [{ name: "match.rating", label: "Rating", kind: "text", width: "narrow" }, BP], start: { kind: "SPREAD", match: { rating: "*" }, bp: 50 } },
  { kind: "FX", what: "one currency against another", terms: [{ name: "pair", label: "Pair", kind: "text" }, { name: "pct", label: "Size", unit: "%", kind: "number", width: "narrow" }], start: { kind: "FX", pair: "EURUSD", pct: -10 } },
  { kind: "VOL", what: "volatility surfaces", terms: [{ name: "surfaces", label: "Surfaces", kind: "text" }, { name: "pct", label: "Size", unit: "%", kind: "number", width: "narrow" }], start: { kind: "VOL", surfaces: "*", pct: 20 } },
  { kind: "PREPAYMENT", what: "prepayment speeds", terms: [TIMES], start: { kind: "PREPAYMENT", multiplier: 1.5 } },
  { kind: "DEFAULT", what: "default speeds", terms: [TIMES], start: { kind: "DEFAULT", multiplier: 2 } },
  { kind: "SEVERITY", what: "share lost at default", terms: [{ name: "add", label: "Added", kind: "number", width: "narrow" }], start: { kind: "SEVERITY", add: 0.1 } },
  {
    kind: "IRRBB",
    what: "the Basel Committee's six",
    terms: [{ name: "name", label: "Shock", kind: "choice", choices: ["PARALLEL_UP", "PARALLEL_DOWN", "STEEPENER", "FLATTENER", "SHORT_UP", "SHORT_DOWN"] }],
    start: { kind: "IRRBB", name: "PARALLEL_UP" },
  },
];

const BY_NAME = new Map(SHOCK_KINDS.map((one) => [one.kind, one]));

/** Undefined for kinds that come from files alone: paths, histories, whole curves. */
export function kindOf(shock: Shock): ShockKind | undefined {
  return BY_NAME.get(shock.kind);
}

export function termOf(shock: Shock, name: string): string {
  const [first, second] = name.split(".");
  const held = second ? (shock[first!] as Record<string, unknown> | undefined)?.[second] : shock[first!];
  return held === undefined || held === null ? "" : String(held);
}

/** The shock with a term as it was typed: a number where it is one. */
export function withTerm(shock: Shock, term: Term, typed: string): Shock {
  const isNumber = (term.kind === "number" || term.name === "tenor_yr") && typed.trim() !== "" && Number.isFinite(Number(typed.replace("−", "-")));
  const value = isNumber ? Number(typed.replace("−", "-")) : typed;
  const [first, second] = term.name.split(".");
  return second ? { ...shock, [first!]: { ...(shock[first!] as object), [second]: value } } : { ...shock, [first!]: value };
}

/** What is no number where one is needed, or nothing where something is. */
export function wrongOf(shock: Shock): string | null {
  for (const term of kindOf(shock)?.terms ?? []) {
    const held = termOf(shock, term.name);
    if (held.trim() === "") return `${term.label} is missing.`;
    if (term.kind === "number" && !Number.isFinite(Number(held))) return `${term.label} is no number: ${held}.`;
  }
  return null;
}

/** `PARALLEL · FX · +1`. */
export function kindsInWords(shocks: Shock[], most = 2): string {
  const kinds = [...new Set(shocks.map((one) => one.kind))];
  const rest = kinds.length - most;
  return [...kinds.slice(0, most), ...(rest > 0 ? [`+${rest}`] : [])].join(" · ") || "nothing";
}

const ID = /^[A-Za-z0-9_.-]{1,64}$/;

export function wrongId(id: string): string | null {
  return ID.test(id) ? null : "Use 1 to 64 letters, digits, dots, dashes and underscores.";
}
