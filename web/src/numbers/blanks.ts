/** A blank always says why. */
export interface Blank {
  shown: string;
  /** Nothing is wrong with it: grey, where the others are amber. */
  isQuiet: boolean;
  why: string;
}

const REASONS: Record<string, Blank> = {
  NOT_APPLICABLE: { shown: "–", isQuiet: true, why: "does not apply to this product" },
  MISSING_MARKET_DATA: { shown: "no data", isQuiet: false, why: "market data is missing" },
  UNSUPPORTED: { shown: "unsupported", isQuiet: false, why: "no model values this" },
  INVALID_TERMS: { shown: "bad terms", isQuiet: false, why: "the terms contradict one another" },
  DID_NOT_CONVERGE: { shown: "no result", isQuiet: false, why: "the solver found no result" },
};

export const TOO_CLOSE: Blank = { shown: "–", isQuiet: true, why: "the value is too close to zero for a percentage to mean anything" };
export const NOT_THERE: Blank = { shown: "–", isQuiet: true, why: "there is no number here" };

export function blankOf(reason: string | null | undefined): Blank {
  return (reason && REASONS[reason]) || NOT_THERE;
}

/** `MEASURE:CODE;MEASURE:CODE` as a table. */
export function reasonsOf(text: string | null | undefined): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of (text ?? "").split(";")) {
    const [measure, code] = part.split(":");
    if (measure && code) found.set(measure, code);
  }
  return found;
}

/** `UNSUPPORTED` as `unsupported`, `MISSING_MARKET_DATA` as `no data`. */
export function reasonInWords(code: string): string {
  const blank = REASONS[code];
  return blank && !blank.isQuiet ? blank.shown : code.toLowerCase().replaceAll("_", " ");
}

export interface BlanksOfReason {
  code: string;
  /** Those that are blank for it; none where the positions have no number at all. */
  measures: string[];
  /** Of the measure that is blank most often. */
  positions: number;
}

/** `MEASURE:CODE` and `CODE` with how many positions, by reason, most first. */
export function blanksOf(counts: Record<string, number>): BlanksOfReason[] {
  const found = new Map<string, BlanksOfReason>();
  for (const [key, positions] of Object.entries(counts)) {
    const [first = "", second] = key.split(":");
    const code = second ?? first;
    if (!positions || code === "NOT_APPLICABLE") continue;
    const one = found.get(code) ?? { code, measures: [], positions: 0 };
    found.set(code, { code, measures: second ? [...one.measures, first] : one.measures, positions: Math.max(one.positions, positions) });
  }
  return [...found.values()].sort((a, b) => b.positions - a.positions);
}
