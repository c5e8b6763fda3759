/** How a foreign file is read: what was proposed, what was chosen here, and the document that says it. */
export interface Source {
  from?: string | number;
  value?: string | number | boolean;
  scale?: number;
  map?: Record<string, string>;
  dates?: string;
  plus_months?: number | string;
}

export interface MappingDocument {
  mapping_id: string;
  format?: Record<string, unknown>;
  columns: Record<string, Source>;
  [part: string]: unknown;
}

export interface Question {
  path: string;
  message: string;
  choices: string[];
}

export interface Proposed {
  file: string;
  built_in: string | null;
  missing: { column: string; message: string; fix: string }[];
  questions: Question[];
  notes: string[];
  columns: { source: string | number; target: string; confidence: string; why: string; examples: string[]; mapping: Source }[];
  attributes: (string | number)[];
  mapping: MappingDocument;
  rows: { row: number; cells: Record<string, { text: string; read: string | null }> }[];
}

export interface Target {
  column: string;
  kind: string;
  required: boolean;
  values: string[];
  meaning: string;
}

/** A column of the file, as it stands in the table. */
export interface FileColumn {
  source: string | number;
  target: string | null;
  examples: string[];
  said: { confidence: string; why: string } | null;
  how: Source | null;
}

export function fileColumns(proposed: Proposed, document: MappingDocument, cellsOf: (source: string | number) => string[]): FileColumn[] {
  const known = new Map(proposed.columns.map((one) => [String(one.source), one]));
  const sources = [...new Map([...proposed.columns.map((one) => one.source), ...proposed.attributes].map((one) => [String(one), one])).values()];
  const targets = new Map(Object.entries(document.columns).flatMap(([target, how]) => (how.from === undefined ? [] : [[String(how.from), { target, how }] as const])));
  return sources.map((source) => {
    const was = known.get(String(source));
    const now = targets.get(String(source));
    const isAsProposed = was !== undefined && was.target === now?.target;
    return { source, target: now?.target ?? null, examples: was?.examples.length ? was.examples.slice(0, 3) : cellsOf(source).slice(0, 3), said: isAsProposed ? { confidence: was.confidence, why: was.why } : null, how: now?.how ?? null };
  });
}

/** Required columns that nothing is taken for yet. */
export function missingOf(proposed: Proposed, document: MappingDocument): Proposed["missing"] {
  return proposed.missing.filter((one) => {
    const how = document.columns[one.column];
    return how === undefined || (how.from === undefined && (how.value === undefined || how.value === ""));
  });
}

export function withTarget(document: MappingDocument, source: string | number, target: string | null): MappingDocument {
  const before = Object.entries(document.columns).find(([, how]) => String(how.from) === String(source));
  const columns = Object.fromEntries(Object.entries(document.columns).filter(([name, how]) => String(how.from) !== String(source) && name !== target));
  if (target) columns[target] = { from: source, ...(before && before[1].scale !== undefined ? { scale: before[1].scale } : {}), ...(before?.[0] === target ? before[1] : {}) };
  return { ...document, columns };
}

/** One value for all rows; nothing takes it away. */
export function withValue(document: MappingDocument, target: string, value: string): MappingDocument {
  const columns = { ...document.columns };
  delete columns[target];
  if (value.trim()) columns[target] = { value: typed(value.trim()) };
  return { ...document, columns };
}

function typed(value: string): string | number {
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

export function withScale(document: MappingDocument, target: string, scale: number | null): MappingDocument {
  const { scale: _, ...how } = document.columns[target] ?? {};
  return { ...document, columns: { ...document.columns, [target]: scale === null ? how : { ...how, scale } } };
}

/** What was answered stands where the question says: `format.dates`, `format.decimal`, `columns.TARGET.map`. */
export function withAnswer(document: MappingDocument, { path, message }: Question, choice: string): MappingDocument {
  const target = path.match(/^columns\.(.+)\.(\w+)$/);
  if (target) {
    const [, column, part] = target as unknown as [string, string, string];
    const how = document.columns[column] ?? {};
    const word = message.match(/^what is ['"](.*)['"] of /)?.[1];
    const said = part === "map" && word !== undefined ? { map: { ...how.map, [word]: choice } } : { [part]: choice };
    return { ...document, columns: { ...document.columns, [column]: { ...how, ...said } } };
  }
  const pair = choice.match(/^"(\w+)": "(.*)"$/);
  const part = path.replace(/^format\./, "");
  return { ...document, format: { ...document.format, ...(pair ? { [pair[1]!]: pair[2]! } : { [part]: choice }) } };
}

/** Tables of a portfolio: a file of that name is read as it is. */
export const TABLES = ["portfolio", "issuers", "instruments", "exercises", "cashflows", "steps", "payment_holidays", "draws", "deals", "collateral", "tranches", "tranche_schedules", "deal_triggers", "positions", "netting_sets", "credit_events"];

/** One file that is no table of a portfolio, nor a packed or a bound set of them. */
export function isForeign(names: string[]): boolean {
  const [only] = names;
  if (names.length !== 1 || !only || /\.(zip|xlsx|parquet)$/i.test(only)) return false;
  return !TABLES.includes((only.split(/[\\/]/).pop() ?? "").replace(/\.\w+$/, "").toLowerCase());
}
