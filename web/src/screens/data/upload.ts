/** Files on their way: kept in this tab, changed cell by cell, sent with what was changed beside them. */
import { noAnswer, Problem, problemOf } from "../../api/problem";
import type { Finding, IngestReport } from "../../api/working";
import { readCsv, tableOf, type Edit, type Sheet } from "./csv";
import type { Reading } from "./MapColumns";
import { isForeign, type Proposed } from "./mapping";

export interface Brought {
  files: File[];
  /** By table; workbooks and Parquet have none, and are told about without their cells. */
  sheets: Map<string, Sheet>;
}

export async function readFiles(files: File[]): Promise<Brought> {
  const sheets = new Map<string, Sheet>();
  if (isForeign(files.map((one) => one.name))) return { files, sheets }; // its rows are not those of a table
  for (const file of files) {
    if (/\.(csv|txt)$/i.test(file.name)) sheets.set(tableOf(file.name), readCsv(file.name, await file.text()));
  }
  return { files, sheets };
}

export interface Ways {
  isDryRun: boolean;
  acceptsValid: boolean;
  name: string;
  key?: string;
  /** How a foreign file is read. */
  reading?: Reading;
}

const ADDRESS = "/api/v1/ingestion/portfolios";

/** An archive as it is; else a form of the files, and the cells that were changed: kept in the lineage of what is stored. */
export async function send(brought: Brought, edits: Edit[], ways: Ways): Promise<IngestReport> {
  const [only] = brought.files;
  const isAsItIs = brought.files.length === 1 && edits.length === 0 && /\.(zip|xlsx)$/i.test(only!.name);
  const form = new FormData();
  for (const file of brought.files) form.append("file", file, file.name);
  if (edits.length) form.append("edits", JSON.stringify(edits));
  const query = new URLSearchParams({ portfolio: ways.name });
  const { reading } = ways;
  if (reading?.named) query.set("mapping", reading.named);
  else if (reading?.document) form.append("mapping", JSON.stringify(reading.document));
  if (reading?.book.trim()) query.set("book", reading.book.trim());
  if (reading?.asOf) query.set("as_of", reading.asOf);
  if (ways.isDryRun) query.set("dry_run", "true");
  if (ways.acceptsValid) query.set("accept_valid", "true");
  let answer: Response;
  try {
    answer = await fetch(`${ADDRESS}?${query}`, { method: "POST", body: isAsItIs ? only! : form, headers: ways.key ? { "Idempotency-Key": ways.key } : {} });
  } catch {
    throw noAnswer();
  }
  const said: unknown = await answer.json().catch(() => null);
  if (!answer.ok) throw problemOf(said, answer.status, answer.headers.get("X-Request-Id"));
  return said as IngestReport;
}

/** What the columns of a foreign file may be. */
export async function propose(file: File): Promise<Proposed> {
  let answer: Response;
  try {
    answer = await fetch(`/api/v1/ingestion/mappings/suggest?${new URLSearchParams({ file: file.name })}`, { method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" } });
  } catch {
    throw noAnswer();
  }
  const said: unknown = await answer.json().catch(() => null);
  if (!answer.ok) throw problemOf(said, answer.status, answer.headers.get("X-Request-Id"));
  return said as Proposed;
}

/** The first values of the columns that nothing is taken for; of files that are no plain text, none. */
export async function firstCells(file: File, delimiter: string | undefined): Promise<Map<string, string[]>> {
  if (!/\.(csv|txt|psv|tsv)$/i.test(file.name)) return new Map();
  const head = (await file.slice(0, 65_536).text()).split(/\r?\n/).slice(0, 5).join("\n");
  const sheet = readCsv(file.name, head, delimiter);
  return new Map((sheet.rows[0] ?? []).map((name, n) => [name.trim(), sheet.rows.slice(1).flatMap((row) => row[n]?.trim() || [])]));
}

/** A refusal that is a report all the same: what is wrong with the rows. */
export function reportIn(problem: Problem): IngestReport | null {
  return Array.isArray(problem.document.errors) && "rejected" in problem.document ? (problem.document as unknown as IngestReport) : null;
}

export function keyOf(place: { table: string; row: number | null; column: string | null }): string {
  return `${place.table}\n${place.row}\n${place.column}`;
}

/** Errors of a table by row, in the order of the file. */
export function byRow(errors: Finding[], table: string): [row: number, errors: Finding[]][] {
  const rows = new Map<number, Finding[]>();
  for (const one of errors) {
    if (one.table === table && one.row !== null) rows.set(one.row, [...(rows.get(one.row) ?? []), one]);
  }
  return [...rows].sort((a, b) => a[0] - b[0]);
}

/** Columns to show: the first, which names the row, and those with an error. */
export function columnsOf(sheet: Sheet, errors: Finding[], table: string): { shown: string[]; folded: number } {
  const heads = (sheet.rows[0] ?? []).map((one) => one.trim());
  const wrong = new Set(errors.filter((one) => one.table === table).map((one) => one.column?.toLowerCase()));
  const shown = heads.filter((head, n) => n === 0 || wrong.has(head.toLowerCase()));
  return { shown, folded: heads.length - shown.length };
}

/** The rows that were refused, as they came, with why. */
export function rejectedRows(sheet: Sheet, errors: Finding[], table: string): Sheet {
  const rows = byRow(errors, table).map(([row, of]) => [...(sheet.rows[row - 1] ?? []), of.map((one) => `${one.code}: ${one.message}`).join("; ")]);
  return { ...sheet, rows: [[...(sheet.rows[0] ?? []), "reason"], ...rows] };
}
