/** The ladder's rows, of which the server gives one a currency and bucket, as one row a bucket in base currency. */
export interface LadderRow {
  currency: string;
  bucket: string;
  start_date: string;
  end_date: string | null;
  /** null for what lies beyond the last bucket. */
  midpoint_yr: number | null;
  scheduled_principal: number;
  prepaid_principal: number;
  recovered_principal: number;
  principal: number;
  interest: number;
  cash_flow: number;
  principal_base: number;
  interest_base: number;
  cash_flow_base: number;
  positions: number;
  left_out: number;
}

export interface Bucket {
  key: string;
  name: string;
  end: string | null;
  /** Infinity for what lies beyond the last bucket. */
  middle_yr: number;
  scheduled: number;
  prepaid: number;
  recovered: number;
  /** Exchanged by forwards and the like: neither scheduled, prepaid nor recovered. */
  other: number;
  principal: number;
  interest: number;
  flow: number;
  cumulative: number;
}

/** Parts of principal stand in their own currency; the rate is that of the row's principal. */
function inBase(row: LadderRow, value: number): number {
  if (value === 0 || row.principal === 0) return 0;
  return (value * row.principal_base) / row.principal;
}

export function bucketsOf(rows: LadderRow[]): Bucket[] {
  const found = new Map<string, Bucket>();
  for (const row of rows) {
    const before = found.get(row.bucket) ?? { key: row.bucket, name: row.bucket, end: row.end_date, middle_yr: row.midpoint_yr ?? Infinity, scheduled: 0, prepaid: 0, recovered: 0, other: 0, principal: 0, interest: 0, flow: 0, cumulative: 0 };
    found.set(row.bucket, {
      ...before,
      scheduled: before.scheduled + inBase(row, row.scheduled_principal),
      prepaid: before.prepaid + inBase(row, row.prepaid_principal),
      recovered: before.recovered + inBase(row, row.recovered_principal),
      other: before.other + inBase(row, row.principal - row.scheduled_principal - row.prepaid_principal - row.recovered_principal),
      principal: before.principal + row.principal_base,
      interest: before.interest + row.interest_base,
      flow: before.flow + row.cash_flow_base,
    });
  }
  const sorted = [...found.values()].sort((a, b) => (a.middle_yr === b.middle_yr ? 0 : a.middle_yr - b.middle_yr));
  let cumulative = 0;
  return sorted.map((one, n) => {
    cumulative += one.flow;
    return { ...one, cumulative, name: nameOf(one.key, sorted[n - 1]?.key) };
  });
}

/** `3M` after `1M` is `1–3m`; the first is `to 1m`, the last `over 10y`. */
export function nameOf(bucket: string, before: string | undefined): string {
  if (bucket.startsWith(">")) return `over ${bucket.slice(1).toLowerCase()}`;
  const end = bucket.toLowerCase();
  if (!before) return `to ${end}`;
  const start = before.toLowerCase();
  return start.slice(-1) === end.slice(-1) ? `${start.slice(0, -1)}–${end}` : `${start}–${end}`;
}

export interface RepricingRow {
  currency: string;
  bucket: string;
  midpoint_yr: number | null;
  fixed_base: number;
  floating_base: number;
  gap_base: number;
  swaps_base: number;
  gap_hedged_base: number;
}

export interface Gap {
  key: string;
  name: string;
  middle_yr: number;
  book: number;
  swaps: number;
  hedged: number;
  cumulative: number;
}

export function gapsOf(rows: RepricingRow[]): Gap[] {
  const found = new Map<string, Gap>();
  for (const row of rows) {
    const before = found.get(row.bucket) ?? { key: row.bucket, name: row.bucket, middle_yr: row.midpoint_yr ?? Infinity, book: 0, swaps: 0, hedged: 0, cumulative: 0 };
    found.set(row.bucket, { ...before, book: before.book + row.gap_base, swaps: before.swaps + row.swaps_base, hedged: before.hedged + row.gap_hedged_base });
  }
  const sorted = [...found.values()].sort((a, b) => (a.middle_yr === b.middle_yr ? 0 : a.middle_yr - b.middle_yr));
  let cumulative = 0;
  return sorted.map((one, n) => {
    cumulative += one.hedged;
    return { ...one, cumulative, name: nameOf(one.key, sorted[n - 1]?.key) };
  });
}
