import { describe, expect, it } from "vitest";
import { termsOf, type LineageRow } from "./terms";

const rows = (instrument: Record<string, string | number>, position: Record<string, string | number> = {}): LineageRow[] => [
  { table: "positions", key: "P1", file: "positions.csv", row: 2, file_sha256: "", fields: { notional: 28217150.91, ...position } },
  { table: "instruments", key: "I1", file: "instruments.csv", row: 2, file_sha256: "", fields: { currency: "GBP", ...instrument } },
  { table: "issuers", key: "X", file: "issuers.csv", row: 2, file_sha256: "", fields: { name: "Property owner 39", rating: "A" } },
];
const said = (found: LineageRow[]) => termsOf(found).map((sentence) => sentence.map((word) => word.text).join(""));

describe("terms in words, a product at a time", () => {
  it("a fixed loan with interest only, then level payments", () => {
    const loan = rows({ product_type: "LOAN", rate_type: "FIXED", coupon: 0.04661, frequency: 12, day_count: "ACT/365F", calendar: "UK", business_day: "MODIFIED_FOLLOWING", io_months: 24, issue_date: "2022-12-23", amortization: "LEVEL_PAY", amortization_months: 300, maturity_date: "2029-12-23", spread_curve: "A-LOAN" });
    expect(said(loan)).toEqual([
      "Fixed-rate loan, GBP 28,217,150.91 outstanding to Property owner 39, rated A.",
      "Pays 4.661\u2009% monthly, ACT/365F, moved to UK business days (modified following).",
      "Interest only for 24 months from 23 Dec 2022; then level payments set over 300 months. What is left falls due on 23 Dec 2029.",
      "Discounted on the curve of GBP plus A-LOAN.",
    ]);
  });

  it("a floating bond", () => {
    const bond = rows({ product_type: "BOND", rate_type: "FLOATING", index: "GBP-SONIA", margin: 0.01, frequency: 4, maturity_date: "2028-01-23" });
    expect(said(bond)[1]).toBe("Pays GBP-SONIA plus 1.000\u2009% quarterly.");
  });

  it("a swap says who pays what", () => {
    const swap = rows({ product_type: "IRS", pay_receive: "PAY", coupon: 0.03, index: "USD-SOFR", maturity_date: "2030-01-23" });
    expect(said(swap)).toEqual(["swap of GBP 28,217,150.91 until 23 Jan 2030.", "Pays 3.000\u2009% fixed against USD-SOFR."]);
  });

  it("a forward", () => {
    const forward = rows({ product_type: "FX_FWD", pair: "GBPUSD", strike: 1.35, maturity_date: "2026-06-30" });
    expect(said(forward)).toEqual(["FX forward of GBPUSD, GBP 28,217,150.91.", "At 1.3500, settled on 30 Jun 2026."]);
  });

  it("what has no sentences yet names every field", () => {
    expect(said(rows({ product_type: "CDS" })).join(" ")).toContain("product type CDS.");
  });

  it("each word knows its table and column", () => {
    const words = termsOf(rows({ product_type: "LOAN", rate_type: "FIXED" })).flat();
    expect(words.find((word) => word.text === "GBP 28,217,150.91")).toMatchObject({ table: "positions", column: "notional" });
  });
});
