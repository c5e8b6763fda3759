/** Groups and filters as the address has them: names to group by, conditions joined by `and`, and the ones of a group. */
import type { Figures } from "../../api/shapes";
import { bare } from "../../state/book";

export interface GroupName {
  name: string;
  edges: string[];
}

const IS_EDGE = /^-?\d+(\.\d+)?(e-?\d+)?$|^\d{4}-\d{2}-\d{2}$/i;

/** `desk,fico:620,680` as the server reads it: what follows a band's name and is a number or a day is an edge of it. */
export function namesOf(by: string): GroupName[] {
  const found: GroupName[] = [];
  for (const word of by.split(",").map((one) => one.trim()).filter(Boolean)) {
    const at = word.lastIndexOf(":");
    const [name, edge] = [word.slice(0, Math.max(0, at)), word.slice(at + 1)];
    const last = found.at(-1);
    if (name && name !== "tag" && IS_EDGE.test(edge)) found.push({ name, edges: [edge] });
    else if (last?.edges.length && IS_EDGE.test(word)) last.edges.push(word);
    else found.push({ name: word, edges: [] });
  }
  return found;
}

/** What kept totals have: one name, whole values. */
export function isPlain(by: string): boolean {
  const names = namesOf(by);
  return names.length === 1 && !names[0]!.edges.length;
}

/** The parts of a filter that are joined by `and`, outside quotes and brackets; one part where `or` stands beside them. */
export function conditionsOf(where: string): string[] {
  const parts: string[] = [];
  let [depth, quote, start] = [0, "", 0];
  for (let n = 0; n < where.length; n++) {
    const letter = where[n]!;
    if (quote) quote = letter === quote ? "" : quote;
    else if (letter === "'" || letter === '"') quote = letter;
    else if (letter === "(") depth++;
    else if (letter === ")") depth--;
    else if (depth === 0 && /^\sor\s/i.test(where.slice(n))) return [where.trim()];
    else if (depth === 0 && /^\sand\s/i.test(where.slice(n))) {
      parts.push(where.slice(start, n));
      start = n + 5;
    }
  }
  return [...parts, where.slice(start)].map((one) => one.trim()).filter(Boolean);
}

export function joined(...conditions: (string | null | undefined)[]): string | null {
  const said = conditions.filter((one): one is string => Boolean(one?.trim())).map((one) => (conditions.filter(Boolean).length > 1 && isEither(one) ? `(${one})` : one));
  return said.length ? said.join(" and ") : null;
}

function isEither(where: string): boolean {
  return conditionsOf(where).length === 1 && /\sor\s/i.test(where) && !/^\(.*\)$/.test(where.trim());
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The filter that leaves the positions of a group. */
export function conditionOf(names: GroupName[], values: string[]): string {
  return names.map((one, n) => ofName(one, values[n] ?? "")).join(" and ");
}

function ofName({ name, edges }: GroupName, value: string): string {
  if (value === "") return `${name} is empty`;
  if (!edges.length) return `${name}=${quoted(value)}`;
  const [low, high] = value.includes(" to <") ? value.split(" to <") : value.startsWith("<") ? [null, value.slice(1)] : [value.slice(2), null];
  return [low ? `${name}>=${low}` : "", high ? `${name}<${high}` : ""].filter(Boolean).join(" and ");
}

export interface Group {
  id: string;
  name: string;
  values: string[];
  base: Figures;
  under: Figures | undefined;
}

/** Of several names one text, which no address cuts in two. */
export function groupId(values: string[]): string {
  return values.map((one) => encodeURIComponent(one)).join("+");
}

export function groupsOf(rows: Figures[], names: GroupName[], scenario: string): Group[] {
  const found = new Map<string, Group>();
  const valuesOf = (row: Figures) => names.map((one) => String(row[one.name] ?? row[`group:${one.name}`] ?? ""));
  for (const row of rows) {
    if (row.scenario_id !== "BASE") continue;
    const values = valuesOf(row);
    found.set(groupId(values), { id: groupId(values), name: nameOf(names, values), values, base: row, under: undefined });
  }
  for (const row of rows) {
    if (row.scenario_id === "BASE" || (row.scenario_id !== scenario && row.scenario_id !== bare(scenario))) continue;
    const group = found.get(groupId(valuesOf(row)));
    if (group) group.under = row;
  }
  return [...found.values()];
}

function nameOf(names: GroupName[], values: string[]): string {
  return values.map((value, n) => (value === "" ? `no ${names[n]!.name}` : names[n]!.edges.length ? `${names[n]!.name} ${value}` : value)).join(", ");
}

/** The same figures in a currency that all of a row is in; blank where it is not. */
export function inCurrency(figures: Figures, currency: string, base: string): Figures {
  if (currency === base) return figures;
  const isAllOfIt = figures.currency === currency;
  const shown: Figures = { ...figures };
  for (const name of Object.keys(figures)) {
    if (name.endsWith("_base")) shown[name] = isAllOfIt ? figures[name.slice(0, -5)] : null;
  }
  return shown;
}
