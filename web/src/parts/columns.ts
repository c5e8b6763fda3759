/** Columns of a table, as it is drawn and as it is copied. */
import type { ComponentChildren } from "preact";

export interface Column<R> {
  id: string;
  label: ComponentChildren;
  /** The second line of the head: unit and scale. */
  unit?: string;
  /** In pixels; the first column takes what is left where it has none. */
  width?: number;
  isLeft?: boolean;
  class?: (row: R) => string | undefined;
  cell: (row: R) => ComponentChildren;
  /** Full precision, no unit; what a copy holds. */
  text: (row: R) => string | number | null | undefined;
  /** The words of the head in a copy, where the label is more than text. */
  name?: string;
  isSortable?: boolean;
}

export function headOf<R>(column: Column<R>): string {
  const name = column.name ?? (typeof column.label === "string" ? column.label : column.id);
  return column.unit ? `${name} (${column.unit})` : name;
}

/** Tab-separated, with a line of heads; full precision, as the server gave it. */
export function asTsv<R>(columns: Column<R>[], rows: R[], caption?: string): string {
  const lines = rows.map((row) => columns.map((column) => plain(column.text(row))).join("\t"));
  return [...(caption ? [caption] : []), columns.map((column) => plain(headOf(column))).join("\t"), ...lines].join("\n");
}

function plain(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "";
  return String(value).replace(/[\t\r\n]+/g, " ");
}

/** As CSV for the button of a twin; text that a sheet would run is kept from running. */
export function asCsv<R>(columns: Column<R>[], rows: R[]): string {
  const lines = rows.map((row) => columns.map((column) => quoted(column.text(row))).join(","));
  return [columns.map((column) => quoted(headOf(column))).join(","), ...lines].join("\r\n") + "\r\n";
}

function quoted(value: string | number | null | undefined): string {
  if (typeof value === "number") return String(value);
  const text = plain(value);
  const safe = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
