/** Positions of the books that are open: a page each, and the same ones under the scenario. */
import { useEffect, useState } from "preact/hooks";
import { answerTo } from "../../api/asking";
import { Problem } from "../../api/problem";
import type { PositionRow } from "../../api/shapes";
import { askPositions, askPositionsUnder, POSITIONS_OF_A_PAGE } from "./questions";
import type { OpenPositions } from "./tree";

interface Wanted {
  run: string;
  scenario: string;
  books: string[];
  measures: string[];
  limits: Record<string, number>;
}

export function useOpenPositions(wanted: Wanted): ReadonlyMap<string, OpenPositions> {
  const [found, setFound] = useState<ReadonlyMap<string, OpenPositions>>(new Map());
  const key = JSON.stringify(wanted);
  useEffect(() => {
    let isOver = false;
    const keep = (book: string, positions: OpenPositions) => {
      if (!isOver) setFound((before) => new Map(before).set(book, positions));
    };
    for (const book of wanted.books) void fetchBook(wanted, book, keep);
    return () => {
      isOver = true;
    };
  }, [key]);
  return found;
}

async function fetchBook(wanted: Wanted, book: string, keep: (book: string, found: OpenPositions) => void): Promise<void> {
  try {
    const limit = wanted.limits[book] ?? POSITIONS_OF_A_PAGE;
    const page = await answerTo(askPositions(wanted.run, book, wanted.measures, limit));
    const base: OpenPositions = { rows: page.rows, changes: undefined, total: page.total };
    keep(book, base);
    if (wanted.scenario === "BASE" || !page.rows.length) return;
    keep(book, { ...base, changes: await changesUnder(wanted, page.rows) });
  } catch (error) {
    const words = error instanceof Problem ? error.message : "the server does not answer";
    keep(book, { rows: undefined, changes: undefined, total: null, problem: words });
  }
}

const IDS_OF_A_REQUEST = 200;

async function changesUnder(wanted: Wanted, rows: PositionRow[]): Promise<Map<string, number>> {
  const changes = new Map<string, number>();
  const base = new Map(rows.map((row) => [row.position_id, row.pv_base]));
  for (let start = 0; start < rows.length; start += IDS_OF_A_REQUEST) {
    const ids = rows.slice(start, start + IDS_OF_A_REQUEST).map((row) => row.position_id);
    const under = await answerTo(askPositionsUnder(wanted.run, wanted.scenario, ids));
    for (const row of under.rows) {
      const before = base.get(row.position_id);
      if (typeof row.pv_base === "number" && typeof before === "number") changes.set(row.position_id, row.pv_base - before);
    }
  }
  return changes;
}
