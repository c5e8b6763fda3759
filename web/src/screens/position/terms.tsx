/** Terms in words: one function a product; each underlined word is a column of a file, and its title says which row. */
import type { ComponentChildren } from "preact";
import { day, level, percent } from "../../numbers/format";
import { product } from "../../shell/words";

export interface LineageRow {
  table: string;
  key: string;
  file: string;
  row: number;
  file_sha256: string;
  fields: Record<string, string | number | boolean | null>;
}

/** A word, and the column that it comes from; plain text has none. */
export interface Word {
  text: string;
  table?: string;
  column?: string;
}

export type Sentence = Word[];

const plain = (text: string): Word => ({ text });

class Terms {
  readonly fields = new Map<string, { table: string; value: string | number | boolean }>();

  constructor(rows: LineageRow[]) {
    for (const table of ["issuers", "instruments", "positions"]) {
      const row = rows.find((one) => one.table === table);
      for (const [column, value] of Object.entries(row?.fields ?? {})) {
        if (value !== null && value !== "") this.fields.set(`${table}.${column}`, { table, value });
      }
    }
  }

  value(column: string, table = "instruments"): string | number | boolean | undefined {
    return this.fields.get(`${table}.${column}`)?.value;
  }

  number(column: string, table = "instruments"): number | undefined {
    const value = this.value(column, table);
    return typeof value === "number" ? value : undefined;
  }

  text(column: string, table = "instruments"): string | undefined {
    const value = this.value(column, table);
    return value === undefined ? undefined : String(value);
  }

  word(column: string, text: string | undefined, table = "instruments"): Word | undefined {
    return text === undefined ? undefined : { text, table, column };
  }
}

const FREQUENCIES: Record<number, string> = { 1: "yearly", 2: "half-yearly", 4: "quarterly", 12: "monthly", 52: "weekly" };
const BUSINESS_DAYS: Record<string, string> = { MODIFIED_FOLLOWING: "modified following", FOLLOWING: "following", PRECEDING: "preceding", NONE: "not moved" };
const AMORTISATIONS: Record<string, string> = { LEVEL_PAY: "level payments", BULLET: "one repayment at maturity", LINEAR: "equal repayments", SCHEDULE: "a schedule of repayments" };

/** The sentences of a position, in reading order; a product without words of its own gets its fields by name. */
export function termsOf(rows: LineageRow[]): Sentence[] {
  const terms = new Terms(rows);
  const type = terms.text("product_type") ?? "";
  const told = (WORDS[type] ?? otherTerms)(terms);
  return told.map((sentence) => sentence.filter((word) => word.text !== "")).filter((sentence) => sentence.length > 0);
}

function debtTerms(terms: Terms): Sentence[] {
  const currency = terms.text("currency") ?? "";
  const notional = terms.number("notional", "positions");
  const kind = terms.text("rate_type") ?? "FIXED";
  const rate = kind === "FLOATING" ? "Floating-rate" : kind === "ZERO_COUPON" ? "Zero-coupon" : "Fixed-rate";
  return [
    join([terms.word("rate_type", rate), terms.word("product_type", product(terms.text("product_type") ?? ""))], [amount(terms, currency, notional), issuer(terms), rating(terms)], "outstanding"),
    kind === "ZERO_COUPON" ? [] : coupon(terms, kind),
    repayment(terms),
    discount(terms),
  ];
}

function join(head: (Word | undefined)[], tail: (Word | undefined)[], linked: string): Sentence {
  const [name, ...rest] = head.filter((one) => one !== undefined);
  const [sum, to, rated] = tail;
  return [
    ...(name ? [name] : []),
    ...rest.flatMap((one) => [plain(" "), one]),
    ...(sum ? [plain(", "), sum, plain(` ${linked}`)] : []),
    ...(to ? [plain(" to "), to] : []),
    ...(rated ? [plain(", rated "), rated] : []),
    plain("."),
  ];
}

function amount(terms: Terms, currency: string, notional: number | undefined): Word | undefined {
  return notional === undefined ? undefined : terms.word("notional", `${currency} ${level(notional, 2)}`, "positions");
}

function issuer(terms: Terms): Word | undefined {
  return terms.word("name", terms.text("name", "issuers"), "issuers") ?? terms.word("issuer_id", terms.text("issuer_id"));
}

function rating(terms: Terms): Word | undefined {
  return terms.word("rating", terms.text("rating", "issuers"), "issuers");
}

function coupon(terms: Terms, kind: string): Sentence {
  const frequency = terms.number("frequency");
  const often = terms.word("frequency", frequency === undefined ? undefined : (FREQUENCIES[frequency] ?? `${frequency} times a year`));
  const fixed = terms.word("coupon", known(terms.number("coupon"), (value) => percent(value, 3)));
  const index = terms.word("index", terms.text("index"));
  const margin = terms.word("margin", known(terms.number("margin") ?? terms.number("spread"), (value) => percent(value, 3)));
  const rate: Sentence = kind === "FLOATING" && index ? [index, ...(margin ? [plain(" plus "), margin] : [])] : fixed ? [fixed] : [];
  const basis = terms.word("day_count", terms.text("day_count"));
  const calendar = terms.word("calendar", terms.text("calendar"));
  const moved = terms.word("business_day", known(terms.text("business_day"), (value) => BUSINESS_DAYS[value] ?? value.toLowerCase()));
  return [
    plain("Pays "),
    ...rate,
    ...(often ? [plain(" "), often] : []),
    ...(basis ? [plain(", "), basis] : []),
    ...(calendar ? [plain(", moved to "), calendar, plain(" business days")] : []),
    ...(moved ? [plain(" ("), moved, plain(")")] : []),
    plain("."),
  ];
}

function repayment(terms: Terms): Sentence {
  const only = terms.number("io_months");
  const how = terms.word("amortization", known(terms.text("amortization"), (value) => AMORTISATIONS[value] ?? value.toLowerCase().replaceAll("_", " ")));
  const over = terms.word("amortization_months", known(terms.number("amortization_months"), (value) => `${level(value, 0)} months`));
  const end = terms.word("maturity_date", known(terms.text("maturity_date"), day));
  const issued = terms.word("issue_date", known(terms.text("issue_date"), day));
  return [
    ...(only ? [plain("Interest only for "), terms.word("io_months", `${level(only, 0)} months`)!, ...(issued ? [plain(" from "), issued] : []), plain("; ")] : []),
    ...(how ? [plain(only ? "then " : "Repaid by "), how] : []),
    ...(over ? [plain(" set over "), over] : []),
    ...(end ? [plain(how || only ? ". What is left falls due on " : "Falls due on "), end] : []),
    plain("."),
  ];
}

function discount(terms: Terms): Sentence {
  const curve = terms.word("discount_curve", terms.text("discount_curve"));
  const spread = terms.word("spread_curve", terms.text("spread_curve")) ?? terms.word("credit_curve", terms.text("credit_curve"));
  if (!curve && !spread) return [];
  return [plain("Discounted on "), curve ?? plain(`the curve of ${terms.text("currency") ?? "its currency"}`), ...(spread ? [plain(" plus "), spread] : []), plain(".")];
}

function forwardTerms(terms: Terms): Sentence[] {
  const notional = terms.number("notional", "positions");
  const pair = terms.word("pair", terms.text("pair"));
  const strike = terms.word("strike", known(terms.number("strike") ?? terms.number("forward_rate"), (value) => level(value, 4)));
  const end = terms.word("maturity_date", known(terms.text("maturity_date"), day));
  return [
    [terms.word("product_type", product(terms.text("product_type") ?? ""))!, ...(pair ? [plain(" of "), pair] : []), ...(notional === undefined ? [] : [plain(", "), amount(terms, terms.text("currency") ?? "", notional)!]), plain(".")],
    [...(strike ? [plain("At "), strike, plain(", ")] : []), ...(end ? [plain("settled on "), end] : []), plain(".")],
  ];
}

function swapTerms(terms: Terms): Sentence[] {
  const side = terms.word("pay_receive", known(terms.text("pay_receive"), (value) => (value === "PAY" ? "Pays" : value === "RECEIVE" ? "Receives" : value.toLowerCase())));
  const fixed = terms.word("coupon", known(terms.number("coupon") ?? terms.number("fixed_rate"), (value) => percent(value, 3)));
  const index = terms.word("index", terms.text("index"));
  const end = terms.word("maturity_date", known(terms.text("maturity_date"), day));
  const notional = terms.number("notional", "positions");
  return [
    [terms.word("product_type", product(terms.text("product_type") ?? ""))!, ...(notional === undefined ? [] : [plain(" of "), amount(terms, terms.text("currency") ?? "", notional)!]), ...(end ? [plain(" until "), end] : []), plain(".")],
    [...(side ? [side, plain(" ")] : []), ...(fixed ? [fixed, plain(" fixed")] : []), ...(index ? [plain(" against "), index] : []), plain(".")],
    discount(terms),
  ];
}

/** Every field by its own name, for what has no sentences yet. */
function otherTerms(terms: Terms): Sentence[] {
  return [...terms.fields].map(([name, { table, value }]) => {
    const column = name.slice(table.length + 1);
    return [plain(`${column.replaceAll("_", " ")} `), { text: String(value), table, column }, plain(".")];
  });
}

const WORDS: Record<string, (terms: Terms) => Sentence[]> = {
  LOAN: debtTerms,
  BOND: debtTerms,
  CALLABLE_BOND: debtTerms,
  FX_FWD: forwardTerms,
  FX_OPTION: forwardTerms,
  IRS: swapTerms,
};

function known<T>(value: T | undefined, say: (value: T) => string): string | undefined {
  return value === undefined ? undefined : say(value);
}

export function TermsInWords({ rows }: { rows: LineageRow[] }) {
  return (
    <>
      {termsOf(rows).map((sentence, n) => (
        <p class="terms" key={n}>
          {sentence.map((word, k) => drawn(word, rows, k))}
        </p>
      ))}
    </>
  );
}

function drawn(word: Word, rows: LineageRow[], key: number): ComponentChildren {
  if (!word.column) return word.text;
  const row = rows.find((one) => one.table === word.table);
  const where = row ? `${word.table}.${word.column}: ${row.file}, row ${row.row}` : `${word.table}.${word.column}`;
  return (
    <span class="src" key={key} title={where} tabIndex={0}>
      {word.text}
    </span>
  );
}
