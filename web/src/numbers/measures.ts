/** How each measure is written: one scale and one number of digits a column, the unit in the head and never in the cell. */
import { change, level } from "./format";

export interface Writing {
  /** What stands over the column. */
  label: string;
  /** The line under it. */
  unit: (currency: string) => string;
  /** What the stored number is divided by. */
  scale: number;
  digits: number;
  /** Negative ones are losses, in the colour of losses. */
  isAmount: boolean;
  meaning: string;
}

type Row = [label: string, kind: Kind, meaning: string];
type Kind = "amount" | "perBp" | "price" | "rate" | "bp" | "years" | "months" | "squared" | "factor" | "weight" | "ratio";

const KINDS: Record<Kind, { unit: (currency: string) => string; scale: number; digits: number; isAmount: boolean }> = {
  amount: { unit: (ccy) => `${ccy} m`, scale: 1e6, digits: 1, isAmount: true },
  perBp: { unit: (ccy) => `${ccy} k per bp`, scale: 1e3, digits: 1, isAmount: true },
  price: { unit: () => "per 100", scale: 1, digits: 3, isAmount: false },
  rate: { unit: () => "%", scale: 0.01, digits: 2, isAmount: false },
  bp: { unit: () => "bp", scale: 1, digits: 1, isAmount: false },
  years: { unit: () => "years", scale: 1, digits: 2, isAmount: false },
  months: { unit: () => "months", scale: 1, digits: 1, isAmount: false },
  squared: { unit: () => "years²", scale: 1, digits: 2, isAmount: false },
  factor: { unit: () => "factor", scale: 1, digits: 1, isAmount: false },
  weight: { unit: () => "%", scale: 0.01, digits: 0, isAmount: false },
  ratio: { unit: () => "%", scale: 0.01, digits: 2, isAmount: false },
};

/** A position is smaller than a book: the same measures with more digits or a smaller unit. */
const ON_POSITION: Partial<Record<Kind, { unit: (currency: string) => string; scale: number; digits: number }>> = {
  amount: { unit: (ccy) => `${ccy} m`, scale: 1e6, digits: 3 },
  perBp: { unit: (ccy) => `${ccy} per bp`, scale: 1, digits: 0 },
  rate: { unit: () => "%", scale: 0.01, digits: 3 },
  years: { unit: () => "years", scale: 1, digits: 2 },
};

export const MEASURES: Record<string, Row> = {
  PV: ["PV", "amount", "present value"],
  ACCRUED_INTEREST: ["Accrued", "amount", "coupon earned to the valuation date and not paid"],
  DIRTY_PRICE: ["Dirty price", "price", "PV / notional x 100"],
  CLEAN_PRICE: ["Clean price", "price", "dirty price less accrued interest"],
  YIELD: ["Yield", "rate", "yield to maturity of the projected flows at the model price"],
  STANDARD_ERROR: ["Std. error", "amount", "of PV, where Monte Carlo was used"],
  DV01: ["DV01", "perBp", "gain when all zero rates fall by a basis point"],
  CS01: ["CS01", "perBp", "gain when the position's spread falls by a basis point"],
  MACAULAY_DURATION: ["Mac. dur.", "years", "PV-weighted time of the flows at the yield"],
  MODIFIED_DURATION: ["Mod. dur.", "years", "relative price change by yield"],
  EFFECTIVE_DURATION: ["Eff. dur.", "years", "DV01 x 10,000 / PV"],
  SPREAD_DURATION: ["Spread dur.", "years", "CS01 x 10,000 / PV"],
  CONVEXITY: ["Convexity", "squared", "second relative change of PV by rates"],
  VEGA: ["Vega", "amount", "gain for +1 bp of normal or +1 point of lognormal volatility"],
  THETA: ["Theta", "amount", "PV a day later, same curves by tenor, plus that day's flows, less PV"],
  FX_DELTA: ["FX delta", "amount", "gain for +1 % of the instrument currency against base"],
  Z_SPREAD: ["Z-spread", "bp", "constant spread over the curve that reprices the position"],
  OAS: ["OAS", "bp", "spread over the curve that reprices the position with its options"],
  DISCOUNT_MARGIN: ["Disc. margin", "bp", "margin over the index at which a floater's flows have its price"],
  PAR_SPREAD: ["Par spread", "bp", "running spread over the curve that gives the price"],
  WAL: ["WAL", "years", "weighted average life of projected principal"],
  WAM: ["WAM", "months", "weighted average maturity"],
  PD_12M: ["PD", "ratio", "probability of default within a year"],
  LGD: ["LGD", "ratio", "share lost of what is owed at default"],
  EAD: ["EAD", "amount", "carrying amount and what may be drawn of the rest until default"],
  EL: ["EL", "amount", "PD x LGD x EAD"],
  UL: ["UL", "amount", "EAD x LGD x sqrt(PD (1 - PD))"],
  ECL_12M: ["ECL 12m", "amount", "discounted expected loss of defaults within a year"],
  ECL_LIFETIME: ["ECL lifetime", "amount", "discounted expected loss of defaults until the last payment"],
  ALLOWANCE: ["Allowance", "amount", "what the policy sets aside"],
  RATING_FACTOR: ["WARF", "factor", "Moody's idealised factor of the rating"],
  EAD_SA: ["EAD, SA", "amount", "exposure of the standardised approach"],
  RISK_WEIGHT_SA: ["Weight, SA", "weight", "RWA / EAD of the standardised approach"],
  RWA_SA: ["RWA, SA", "amount", "risk-weighted assets of the standardised approach"],
  EAD_IRB: ["EAD, IRB", "amount", "the exposure that internal ratings weigh"],
  RISK_WEIGHT_IRB: ["Weight, IRB", "weight", "RWA / EAD by internal ratings"],
  RWA_IRB: ["RWA, IRB", "amount", "risk-weighted assets by internal ratings, before the output floor"],
  EAD_US: ["EAD, US", "amount", "exposure of the US standardised approach"],
  RISK_WEIGHT_US: ["Weight, US", "weight", "RWA / EAD of the US standardised approach"],
  RWA_US_SA: ["RWA, US", "amount", "risk-weighted assets of the US standardised approach"],
  CAPITAL: ["Capital", "amount", "8 % of RWA by internal ratings"],
};

export function writing(measure: string, place: "tree" | "position" = "tree"): Writing {
  const row = MEASURES[measure] ?? [measure, "amount", ""];
  const [label, kind, meaning] = row;
  return { label, meaning, ...KINDS[kind], ...(place === "position" ? ON_POSITION[kind] : {}) };
}

export function write(measure: string, value: number, place: "tree" | "position" = "tree"): string {
  const how = writing(measure, place);
  return level(value / how.scale, how.digits);
}

export function writeChange(measure: string, value: number, place: "tree" | "position" = "tree"): string {
  const how = writing(measure, place);
  return change(value / how.scale, how.digits);
}
