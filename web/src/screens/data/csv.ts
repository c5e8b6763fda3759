/** Tables as files hold them: read without losing a character, changed in one cell, written as they came. */

export interface Sheet {
  name: string;
  /** Rows as a spreadsheet numbers them: the heads are row 1. */
  rows: string[][];
  delimiter: string;
  newline: string;
}

const DELIMITERS = [",", ";", "\t", "|"];

export function readCsv(name: string, text: string, known?: string): Sheet {
  const body = text.replace(/^\uFEFF/, "");
  const first = body.slice(0, body.search(/\r?\n|$/));
  const delimiter = known ?? DELIMITERS.reduce((best, one) => (first.split(one).length > first.split(best).length ? one : best), ",");
  return { name, rows: parse(body, delimiter), delimiter, newline: body.includes("\r\n") ? "\r\n" : "\n" };
}

function parse(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let isQuoted = false;
  const endCell = () => {
    row.push(cell);
    cell = "";
  };
  const endRow = () => {
    endCell();
    rows.push(row);
    row = [];
  };
  for (let n = 0; n < text.length; n++) {
    const letter = text[n]!;
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (text[n + 1] === '"') {
        cell += '"';
        n++;
      } else isQuoted = false;
    } else if (letter === '"' && cell === "") isQuoted = true;
    else if (letter === delimiter) endCell();
    else if (letter === "\n") endRow();
    else if (letter !== "\r" || text[n + 1] !== "\n") cell += letter;
  }
  if (cell !== "" || row.length) endRow();
  return rows;
}

export function writeCsv(sheet: Sheet): string {
  const quoted = (cell: string) => (cell.includes(sheet.delimiter) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return sheet.rows.map((row) => row.map(quoted).join(sheet.delimiter)).join(sheet.newline) + sheet.newline;
}

/** A cell in place, by the row as a spreadsheet numbers it. */
export interface Edit {
  table: string;
  row: number;
  column: string;
  value: string;
}

export function cellOf(sheet: Sheet, row: number, column: string): string | undefined {
  const place = columnOf(sheet, column);
  return place < 0 ? undefined : (sheet.rows[row - 1]?.[place] ?? "");
}

/** Heads are read without regard to case and to spaces around them, as the server reads them. */
export function columnOf(sheet: Sheet, column: string): number {
  return (sheet.rows[0] ?? []).findIndex((head) => head.trim().toLowerCase() === column.toLowerCase());
}

export function edited(sheet: Sheet, edits: Edit[]): Sheet {
  const rows = sheet.rows.map((row) => row);
  for (const edit of edits) {
    const place = columnOf(sheet, edit.column);
    const row = rows[edit.row - 1];
    if (place < 0 || !row) continue;
    const next = [...row];
    while (next.length <= place) next.push("");
    next[place] = edit.value;
    rows[edit.row - 1] = next;
  }
  return { ...sheet, rows };
}

/** `positions.csv` is the table `positions`. */
export function tableOf(file: string): string {
  return (file.split(/[\\/]/).pop() ?? file).replace(/\.(csv|txt)$/i, "").toLowerCase();
}
