/** Numbers as people read them: rounded for show only, a real minus sign, no zero with a sign. */
import { format } from "d3-format";

export const MINUS = "−";
export const THIN = "\u2009";
export const NOTHING = "–";

const plain = new Map<number, (value: number) => string>();

function fixed(value: number, digits: number): string {
  let write = plain.get(digits);
  if (!write) plain.set(digits, (write = format(`,.${digits}f`)));
  const said = write(Math.abs(value));
  return said;
}

function isShownAsZero(said: string): boolean {
  return !/[1-9]/.test(said);
}

/** A level: a minus where it is negative, no plus. */
export function level(value: number, digits: number): string {
  const said = fixed(value, digits);
  return value < 0 && !isShownAsZero(said) ? MINUS + said : said;
}

/** A change: always with its sign, except where nothing moved. */
export function change(value: number, digits: number): string {
  const said = fixed(value, digits);
  if (isShownAsZero(said)) return said;
  return (value < 0 ? MINUS : "+") + said;
}

export function count(value: number): string {
  return fixed(value, 0);
}

/** With a thin space before the sign, as a unit. */
export function percent(share: number, digits: number, signed = false): string {
  return (signed ? change : level)(share * 100, digits) + THIN + "%";
}

/** The stored double to its last digit, as copies, titles and the inspector give it. */
export function exact(value: number): string {
  return Object.is(value, -0) ? "0" : String(value);
}

/** `12,769,187,654.12` with all digits kept, for reading beside the rounded one. */
export function exactGrouped(value: number): string {
  const [whole = "", rest] = exact(Math.abs(value)).split(".");
  if (/e/i.test(exact(value))) return (value < 0 ? MINUS : "") + exact(Math.abs(value));
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return (value < 0 ? MINUS : "") + grouped + (rest ? `.${rest}` : "");
}

/** A share of a base that is too small says nothing. */
export function ratio(part: number, whole: number, scale: number): number | null {
  if (!scale || Math.abs(whole) < 0.001 * Math.abs(scale)) return null;
  return part / whole;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WHOLE_MONTHS = [
  "January", "February", "March", "April", "May", "June",
  "July", "August", "September", "October", "November", "December",
];

/** `23 Jan 2026`. */
export function day(iso: string): string {
  const [year, month, date] = iso.slice(0, 10).split("-").map(Number);
  return year && month && date ? `${date} ${MONTHS[month - 1]} ${year}` : iso;
}

/** `23 January`. */
export function dayInWords(iso: string): string {
  const [, month, date] = iso.slice(0, 10).split("-").map(Number);
  return month && date ? `${date} ${WHOLE_MONTHS[month - 1]}` : iso;
}

/** `22 Jan`. */
export function dayShort(iso: string): string {
  return day(iso).replace(/ \d{4}$/, "");
}

/** `22:47`, UTC. */
export function clock(iso: string | Date): string {
  const at = typeof iso === "string" ? new Date(iso) : iso;
  return Number.isNaN(at.getTime()) ? String(iso) : at.toISOString().slice(11, 16);
}

/** `41 s ago`, in the largest unit that fits. */
export function ago(iso: string, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - new Date(iso).getTime()) / 1000));
  if (seconds < 100) return `${seconds} s ago`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} days ago`;
}

/** `6.1 s`, `4 min`. */
export function duration(seconds: number): string {
  if (seconds < 100) return `${level(seconds, 1)} s`;
  return seconds < 6000 ? `${level(seconds / 60, 0)} min` : `${level(seconds / 3600, 1)} h`;
}

/** `1 position`, `2 positions`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** An id or a hash in a cell. */
export function short(id: string): string {
  return id.slice(0, 8);
}
