/** The median pace of the last three runs, in results a second. */
export function expectedSeconds(lines: { seconds: number | null; results?: number }[], results: number): number | null {
  const paces = lines.flatMap((one) => (one.seconds && one.results ? [one.results / one.seconds] : [])).slice(0, 3).sort((a, b) => a - b);
  const pace = paces[Math.floor(paces.length / 2)];
  return pace ? results / pace : null;
}

