/** What a scenario does to a market, worked out here for the eye; a run decides. Zero rates move at their nodes. */
import type { MarketDocument, RateNode, Shock } from "../api/working";
import { matches, near } from "./match";

const KEY_RATES_YR = [0.25, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30];
const DAY_MS = 86_400_000;

export interface Point {
  /** ACT/365F from the market's day. */
  years: number;
  name: string;
  rate: number;
}

export interface MovedCurve {
  curve_id: string;
  before: Point[];
  after: Point[];
}

export interface Said {
  /** `Spreads, rating BBB`. */
  what: string;
  /** `+75 bp`, `1.0874 → 1.0004`. */
  how: string;
}

export interface Preview {
  curves: MovedCurve[];
  /** How many curves any shock matches. */
  matched: number;
  others: Said[];
  /** By the shock's place: what it names and the market does not have. */
  errors: Map<number, string>;
}

/** The day a tenor later: months first, their end clipped, then weeks and days. */
export function yearsOf(tenor: string, asOf: string): number {
  const said = tenor.toUpperCase();
  const count = (unit: string) => Number(said.match(new RegExp(`(\\d+)${unit}`))?.[1] ?? 0);
  const [year = 0, month = 1, day = 1] = asOf.split("-").map(Number);
  const months = month - 1 + 12 * count("Y") + count("M");
  const y = year + Math.floor(months / 12);
  const m = months % 12;
  const last = new Date(Date.UTC(y, m + 1, 0)).getUTCDate();
  const later = Date.UTC(y, m, Math.min(day, last)) + (7 * count("W") + count("D")) * DAY_MS;
  return (later - Date.UTC(year, month - 1, day)) / DAY_MS / 365;
}

export function pointsOf(nodes: RateNode[], asOf: string): Point[] {
  return nodes.map((node) => {
    const years = node.date ? (Date.parse(node.date) - Date.parse(asOf)) / DAY_MS / 365 : yearsOf(node.tenor ?? "", asOf);
    return { years, name: node.tenor ?? node.date ?? "", rate: node.rate };
  });
}

/** Linear between the corners, flat outside them. */
export function between(x: number, corners: [x: number, y: number][]): number {
  const first = corners[0];
  if (!first || x <= first[0]) return first?.[1] ?? 0;
  for (let n = 1; n < corners.length; n++) {
    const [left, low] = corners[n - 1]!;
    const [right, high] = corners[n]!;
    if (x <= right) return low + ((high - low) * (x - left)) / (right - left);
  }
  return corners.at(-1)![1];
}

type Shift = (years: number) => number;

/** Basis points by time; null for a shock that moves no zero rates of its own size. */
export function shiftOf(shock: Shock, asOf: string): Shift | null {
  const bp = Number(shock.bp ?? 0);
  if (shock.kind === "PARALLEL") return () => bp;
  if (shock.kind === "KEY_RATE") return (years) => between(years, KEY_RATES_YR.map((at) => [at, at === Number(shock.tenor_yr) ? bp : 0]));
  if (shock.kind === "TWIST") {
    return (years) => between(years, [[0, Number(shock.short_bp)], [Number(shock.pivot_yr), 0], [30, Number(shock.long_bp)]]);
  }
  if (shock.kind === "CURVE_MOVE") {
    const moves = (shock.moves as { tenor: string; bp: number }[]).map((one): [number, number] => [yearsOf(one.tenor, asOf), one.bp]);
    moves.sort((a, b) => a[0] - b[0]);
    return (years) => between(years, moves);
  }
  return null;
}

export function preview(market: MarketDocument, shocks: Shock[]): Preview {
  const moved = new Map<string, MovedCurve>();
  const errors = new Map<number, string>();
  const zero = market.curves.filter((curve) => curve.kind === "ZERO" && curve.nodes);
  const ids = market.curves.map((curve) => curve.curve_id);
  const curveOf = (id: string): MovedCurve => {
    const known = moved.get(id);
    if (known) return known;
    const before = pointsOf(zero.find((curve) => curve.curve_id === id)!.nodes!, market.as_of);
    const made = { curve_id: id, before, after: before };
    moved.set(id, made);
    return made;
  };
  shocks.forEach((shock, n) => {
    const shift = shiftOf(shock, market.as_of);
    if (shift) {
      const pattern = String(shock.curves ?? "");
      const hit = ids.filter((id) => matches(pattern, id));
      if (!hit.length) errors.set(n, nothing(pattern, ids, "curve"));
      for (const id of hit.filter((one) => zero.some((curve) => curve.curve_id === one))) {
        const curve = curveOf(id);
        curve.after = curve.after.map((point) => ({ ...point, rate: point.rate + shift(point.years) / 10_000 }));
      }
    } else if (shock.kind === "CURVE" && zero.some((curve) => curve.curve_id === shock.curve_id)) {
      curveOf(String(shock.curve_id)).after = pointsOf(shock.nodes as RateNode[], market.as_of);
    } else {
      const wrong = misfit(shock, market);
      if (wrong) errors.set(n, wrong);
    }
  });
  return { curves: inOrder(market, [...moved.values()]), matched: moved.size, others: others(market, shocks), errors };
}

function misfit(shock: Shock, market: MarketDocument): string | null {
  const pairs = (market.fx_spots ?? []).map((one) => one.pair);
  const pair = String(shock.pair ?? "");
  if (shock.kind === "FX" && !pairs.includes(pair) && !pairs.includes(turned(pair))) {
    return `The market quotes ${pairs.join(", ") || "no pair"}, not ${pair || "nothing"}.`;
  }
  const surfaces = (market.volatilities ?? []).map((one) => one.surface_id);
  if (shock.kind === "VOL" && !surfaces.some((one) => matches(String(shock.surfaces), one))) return nothing(String(shock.surfaces), surfaces, "surface");
  if (shock.kind === "CURVE") return `There is no zero curve ${String(shock.curve_id)}.`;
  return null;
}

function nothing(pattern: string, names: string[], what: string): string {
  const close = near(pattern, names);
  const hint = close.length ? `Did you mean ${close.join(" or ")}?` : `There are ${names.slice(0, 6).join(", ") || "none"}.`;
  return `Matches no ${what}. ${hint}`;
}

function turned(pair: string): string {
  return pair.slice(3) + pair.slice(0, 3);
}

function others(market: MarketDocument, shocks: Shock[]): Said[] {
  const spots = new Map((market.fx_spots ?? []).map((one) => [one.pair, one.spot]));
  return shocks.flatMap((shock): Said[] => {
    if (shock.kind === "SPREAD") return [{ what: `Spreads, ${matchInWords(shock.match)}`, how: signed(Number(shock.bp), "bp") }];
    if (shock.kind === "FX") return [moveSpot(spots, String(shock.pair), Number(shock.pct))];
    if (shock.kind === "VOL") return [{ what: `Volatilities, ${String(shock.surfaces)}`, how: shock.bp !== undefined ? signed(Number(shock.bp), "bp") : signed(Number(shock.pct), "%") }];
    if (shock.kind === "PREPAYMENT" || shock.kind === "DEFAULT") {
      const how = shock.speed ? String(shock.speed) : `× ${String(shock.multiplier)}`;
      return [{ what: shock.kind === "PREPAYMENT" ? "Prepayment" : "Defaults", how }];
    }
    if (shock.kind === "SEVERITY") return [{ what: "Severity", how: signed(Number(shock.add), "") }];
    if (shock.kind === "IRRBB") return [{ what: `IRRBB, ${String(shock.name).toLowerCase().replaceAll("_", " ")}`, how: "by currency, in the standard's sizes" }];
    if (shock.kind === "SUPERVISORY") return [{ what: `Supervisory ${String(shock.cycle)}`, how: String(shock.name).toLowerCase().replaceAll("_", " ") }];
    if (shock.kind === "MACRO") return [{ what: "Macro path", how: `${(shock.path as unknown[] | undefined)?.length ?? 0} quarters` }];
    if (shock.kind === "CREDIT_FACTOR") return [{ what: "Credit factor", how: `z ${String(shock.z)}, ρ ${String(shock.rho)}` }];
    if (shock.kind === "CLEAN_UP_CALL") return [{ what: "Clean-up call", how: shock.exercised === false ? "not exercised" : "exercised" }];
    return [];
  });
}

function moveSpot(spots: Map<string, number>, pair: string, pct: number): Said {
  const quoted = spots.has(pair) ? pair : turned(pair);
  const before = spots.get(quoted);
  if (before === undefined) return { what: pair, how: signed(pct, "%") };
  const after = quoted === pair ? before * (1 + pct / 100) : before / (1 + pct / 100);
  spots.set(quoted, after);
  return { what: quoted, how: `${before.toFixed(4)} → ${after.toFixed(4)}` };
}

function matchInWords(match: unknown): string {
  return Object.entries((match ?? {}) as Record<string, string>).map(([name, pattern]) => `${name} ${pattern}`).join(", ");
}

function signed(value: number, unit: string): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value)}${unit ? ` ${unit}` : ""}`;
}

/** Basis points at the years given, of all shocks that move rates alike on every curve they match; null where none does. */
export function shapeOf(shocks: Shock[], asOf: string, years: number[]): number[] | null {
  const shifts = shocks.flatMap((shock) => shiftOf(shock, asOf) ?? []);
  return shifts.length ? years.map((at) => shifts.reduce((sum, shift) => sum + shift(at), 0)) : null;
}

/** The base currency's curves first, then those of the others; within a currency as the market has them. */
function inOrder(market: MarketDocument, curves: MovedCurve[]): MovedCurve[] {
  const isForeign = (one: MovedCurve) => Number(!one.curve_id.startsWith(market.base_currency));
  const ofCurrency = new Map<string, number>();
  for (const one of curves) ofCurrency.set(one.curve_id, [...ofCurrency.keys()].filter((id) => id.slice(0, 3) === one.curve_id.slice(0, 3)).length);
  return [...curves].sort((a, b) => isForeign(a) - isForeign(b) || ofCurrency.get(a.curve_id)! - ofCurrency.get(b.curve_id)!);
}
