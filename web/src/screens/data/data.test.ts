import { describe, expect, it } from "vitest";
import type { Finding } from "../../api/working";
import { cellOf, edited, readCsv, tableOf, writeCsv } from "./csv";
import { alike, fixesOf } from "./fixes";

describe("a table of a file", () => {
  it("is written as it came", () => {
    for (const text of ['a,b\n1,"x, y"\n2,"say ""so"""\n', "a;b\r\n1;2\r\n", "a\tb\n\t\n"]) {
      expect(writeCsv(readCsv("t.csv", text))).toBe(text);
    }
  });
  it("is numbered as a spreadsheet numbers it, whatever stands in a cell", () => {
    const sheet = readCsv("t.csv", '\uFEFFId,Note\n1,"two\nlines"\n2,x\n');
    expect(sheet.rows.length).toBe(3);
    expect(cellOf(sheet, 3, "id")).toBe("2");
    expect(cellOf(sheet, 2, "note")).toBe("two\nlines");
    expect(cellOf(sheet, 2, "other")).toBeUndefined();
  });
  it("is changed in the cells that are named, and nowhere else", () => {
    const sheet = readCsv("t.csv", "a,b\n1,2\n3\n");
    const next = edited(sheet, [{ table: "t", row: 3, column: "b", value: "=1,5" }, { table: "t", row: 9, column: "b", value: "x" }]);
    expect(writeCsv(next)).toBe('a,b\n1,2\n3,"=1,5"\n');
    expect(writeCsv(sheet)).toBe("a,b\n1,2\n3\n");
  });
  it("has its table's name without folder and ending", () => {
    expect(tableOf("fund/Positions.CSV")).toBe("positions");
  });
});

function finding(value: string, code: string, column: string, fix = ""): Finding {
  return { table: "instruments", row: 5, column, code, value, message: "", fix };
}

describe("what a wrong cell may have meant", () => {
  it("of dates, both readings and the ends of the month", () => {
    expect(fixesOf(finding("14/09/2022", "NOT_A_DATE", "issue_date"))).toEqual(["2022-09-14"]);
    expect(fixesOf(finding("03/02/2023", "NOT_A_DATE", "issue_date"))).toEqual(["2023-02-03", "2023-03-02"]);
    expect(fixesOf(finding("2021-02-30", "NOT_A_DATE", "issue_date"))).toEqual(["2021-02-28", "2021-03-02"]);
  });
  it("of numbers, other marks and percents", () => {
    expect(fixesOf(finding("12,5", "NOT_A_NUMBER", "io_months"))).toEqual(["12.5", "12"]);
    expect(fixesOf(finding("1.234,50", "NOT_A_NUMBER", "notional"))).toEqual(["1234.50"]);
    expect(fixesOf(finding("4.75", "OUT_OF_RANGE", "coupon"))).toEqual(["0.0475"]);
    expect(fixesOf(finding("4.75 %", "NOT_A_NUMBER", "coupon"))).toEqual(["0.0475"]);
  });
  it("of names, the nearest that the server says", () => {
    expect(fixesOf(finding("BBB-LOANS", "UNKNOWN_CURVE", "spread_curve", "the nearest: BBB-LOAN, BB-LOAN"))).toEqual(["BBB-LOAN", "BB-LOAN"]);
  });
  it("is nothing where nothing is said", () => {
    expect(fixesOf(finding("x", "MISSING", "coupon"))).toEqual([]);
  });
  it("mends all of a kind at once", () => {
    const errors = [finding("14/09/2022", "NOT_A_DATE", "issue_date"), finding("15/09/2022", "NOT_A_DATE", "issue_date"), finding("x", "NOT_A_DATE", "issue_date"), finding("1/1/2020", "NOT_A_DATE", "maturity_date")];
    expect(alike(errors, errors[0]!)).toEqual(errors.slice(0, 2));
  });
});
