/** Measures that a run can be asked for, in the groups in which people look for them. */
export const GROUPS: [name: string, measures: string[]][] = [
  ["Value", ["PV", "ACCRUED_INTEREST", "DIRTY_PRICE", "CLEAN_PRICE", "YIELD", "THETA"]],
  ["Rates", ["DV01", "KEY_RATE_DV01", "EFFECTIVE_DURATION", "MODIFIED_DURATION", "MACAULAY_DURATION", "CONVEXITY"]],
  ["Spread and life", ["CS01", "KEY_RATE_CS01", "SPREAD_DURATION", "Z_SPREAD", "OAS", "DISCOUNT_MARGIN", "PAR_SPREAD", "WAL", "WAM"]],
  ["Options and FX", ["VEGA", "FX_DELTA", "STANDARD_ERROR", "DV01_STANDARD_ERROR", "VEGA_STANDARD_ERROR"]],
  ["Credit", ["PD_12M", "LGD", "EAD", "EL", "UL", "ECL_12M", "ECL_LIFETIME", "ALLOWANCE", "RATING_FACTOR"]],
  ["Capital", ["EAD_SA", "RISK_WEIGHT_SA", "RWA_SA", "EAD_IRB", "RISK_WEIGHT_IRB", "RWA_IRB", "EL_IRB", "PROVISION_IRB", "RWA_RATED", "EAD_US", "RISK_WEIGHT_US", "RWA_US_SA", "CAPITAL"]],
];

export const ALL = GROUPS.flatMap(([, measures]) => measures);

export const PRESETS: [name: string, measures: string[]][] = [
  ["Value only", ["PV"]],
  ["Risk", ["PV", "ACCRUED_INTEREST", "CLEAN_PRICE", "YIELD", "DV01", "KEY_RATE_DV01", "EFFECTIVE_DURATION", "CS01", "OAS", "WAL"]],
  ["All", ALL],
];

export function presetOf(chosen: string[]): string | null {
  const same = (measures: string[]) => measures.length === chosen.length && measures.every((one) => chosen.includes(one));
  return PRESETS.find(([, measures]) => same(measures))?.[0] ?? null;
}
