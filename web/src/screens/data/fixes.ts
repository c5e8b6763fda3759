/** What a wrong cell may have meant, offered as a button. Only what its text gives; nothing is guessed beyond it. */
import type { Finding } from "../../api/working";

const LISTED = /\b[A-Z0-9][A-Z0-9/_.-]{1,30}\b/g;

export function fixesOf(error: Finding): string[] {
  const value = error.value?.trim() ?? "";
  if (!error.column || error.row === null) return [];
  const found = [...dates(error, value), ...numbers(error, value), ...named(error)];
  return [...new Set(found)].filter((one) => one !== value).slice(0, 3);
}

function dates(error: Finding, value: string): string[] {
  if (!/DATE/.test(error.code) && !/_date$/.test(error.column ?? "")) return [];
  const parts = value.match(/^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/);
  if (parts) {
    const [, first, second, year] = parts.map(Number) as [number, number, number, number];
    return [iso(year, second, first), iso(year, first, second)].flatMap((one) => one ?? []);
  }
  const [, year, month, day] = value.match(/^(\d{4})-(\d{2})-(\d{2})$/)?.map(Number) ?? [];
  if (!year || !month || !day || month > 12) return [];
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return day > last ? [iso(year, month, last)!, iso(year, month + 1, day - last) ?? ""].filter(Boolean) : [];
}

function iso(year: number, month: number, day: number): string | null {
  const at = new Date(Date.UTC(year, month - 1, day));
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === day ? at.toISOString().slice(0, 10) : null;
}

function numbers(error: Finding, value: string): string[] {
  const plain = value.replace(/\s/g, "");
  if (/^-?\d+,\d+$/.test(plain)) return [plain.replace(",", "."), plain.split(",")[0]!];
  if (/^-?\d{1,3}(\.\d{3})+,\d+$/.test(plain)) return [plain.replaceAll(".", "").replace(",", ".")];
  if (/%$/.test(plain) && Number.isFinite(Number(plain.slice(0, -1)))) return [String(+(Number(plain.slice(0, -1)) / 100).toPrecision(12))];
  const isRate = /RANGE|PERCENT|SUSPECT/.test(error.code) && Math.abs(Number(plain)) >= 1 && Math.abs(Number(plain)) <= 100;
  return isRate ? [String(+(Number(plain) / 100).toPrecision(12))] : [];
}

/** Names that the server's own fix lists as the nearest. */
function named(error: Finding): string[] {
  const near = error.fix.match(/nearest[^:]*: ([^;.]+)/i)?.[1] ?? error.fix.match(/did you mean ([^?;]+)/i)?.[1];
  return near ? near.split(/,| or /).map((one) => one.trim()).filter(Boolean) : error.fix.length < 80 && /^use /i.test(error.fix) ? (error.fix.match(LISTED) ?? []).slice(0, 1) : [];
}

/** Errors that the same first fix mends: of one table, column and code. */
export function alike(errors: Finding[], error: Finding): Finding[] {
  return errors.filter((one) => one.table === error.table && one.column === error.column && one.code === error.code && fixesOf(one).length > 0);
}
