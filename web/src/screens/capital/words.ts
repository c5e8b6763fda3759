/** Classes and shocks as people call them. */
const NAMES: Record<string, string> = {
  COMMERCIAL_RE: "Commercial RE",
  RESIDENTIAL_RE: "Residential RE",
  PARALLEL_UP: "Parallel up",
  PARALLEL_DOWN: "Parallel down",
  STEEPENER: "Steepener",
  FLATTENER: "Flattener",
  SHORT_UP: "Short rates up",
  SHORT_DOWN: "Short rates down",
};

export function named(code: string): string {
  if (code in NAMES) return NAMES[code]!;
  if (!/^[A-Z_]{4,}$/.test(code)) return code || "None said";
  return code.charAt(0) + code.slice(1).toLowerCase().replaceAll("_", " ");
}
