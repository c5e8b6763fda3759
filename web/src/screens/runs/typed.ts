/** The same run as it is asked for from a shell, from Python, with curl. */
export interface Wish {
  portfolio: string;
  market: string;
  scenarios: string[];
  /** None for all that the program has. */
  measures: string[];
  require_approved_models: boolean;
}

export function bodyOf(wish: Wish): Record<string, unknown> {
  return {
    portfolio: wish.portfolio,
    market: wish.market,
    scenarios: wish.scenarios,
    measures: wish.measures,
    ...(wish.require_approved_models ? { require_approved_models: true } : {}),
  };
}

export function shell(wish: Wish): string {
  const lines = ["tenor run submit", `--portfolio ${wish.portfolio}`, `--market ${wish.market}`];
  if (wish.scenarios.length) lines.push(`--scenarios ${wish.scenarios.join(",")}`);
  if (wish.measures.length) lines.push(`--measures ${wish.measures.join(",")}`);
  if (wish.require_approved_models) lines.push("--require-approved-models");
  return lines.join(" \\\n  ");
}

export function python(wish: Wish): string {
  const list = (words: string[]) => `[${words.map((one) => JSON.stringify(one)).join(", ")}]`;
  return [
    "import tenor",
    "",
    "client = tenor.connect()",
    "run = client.runs.submit(",
    `    ${JSON.stringify(wish.portfolio)},`,
    `    ${JSON.stringify(wish.market)},`,
    `    scenarios=${list(wish.scenarios)},`,
    ...(wish.measures.length ? [`    measures=${list(wish.measures)},`] : []),
    ").wait(progress=True)",
  ].join("\n");
}

export function curl(wish: Wish, origin: string): string {
  return `curl -H "Content-Type: application/json" \\\n  -d ${quoted(JSON.stringify(bodyOf(wish)))} \\\n  ${origin}/api/v1/orchestrator/runs`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
