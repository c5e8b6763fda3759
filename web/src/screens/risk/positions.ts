/** Positions of the books and groups that are open: a page each, and the same ones under the scenario. */
import { useEffect, useState } from "preact/hooks";
import { answerTo } from "../../api/asking";
import { Problem } from "../../api/problem";
import type { PositionRow } from "../../api/shapes";
import { askPositions, askPositionsUnder, POSITIONS_OF_A_PAGE, type Whose } from "./questions";
import type { Change, OpenPositions } from "./tree";

interface Wanted {
  run: string;
  scenario: string;
  /** By the row that they hang on. */
  places: Record<string, Whose>;
  measures: string[];
  limits: Record<string, number>;
}

export function useOpenPositions(wanted: Wanted): ReadonlyMap<string, OpenPositions> {
  const [found, setFound] = useState<ReadonlyMap<string, OpenPositions>>(new Map());
  const key = JSON.stringify(wanted);
  useEffect(() => {
    let isOver = false;
    const keep = (row: string, positions: OpenPositions) => {
      if (!isOver) setFound((before) => new Map(before).set(row, positions));
    };
    for (const [row, whose] of Object.entries(wanted.places)) void fetchPositions(wanted, row, whose, keep);
    return () => {
      isOver = true;
    };
  }, [key]);
  return found;
}

async function fetchPositions(wanted: Wanted, row: string, whose: Whose, keep: (row: string, found: OpenPositions) => void): Promise<void> {
  try {
    const limit = wanted.limits[row] ?? POSITIONS_OF_A_PAGE;
    const page = await answerTo(askPositions(wanted.run, whose, wanted.measures, limit));
    const base: OpenPositions = { rows: page.rows, changes: undefined, total: page.total };
    keep(row, base);
    if (wanted.scenario === "BASE" || !page.rows.length) return;
    keep(row, { ...base, changes: await changesUnder(wanted, page.rows) });
  } catch (error) {
    const words = error instanceof Problem ? error.message : "the server does not answer";
    keep(row, { rows: undefined, changes: undefined, total: null, problem: words });
  }
}

const IDS_OF_A_REQUEST = 200;

async function changesUnder(wanted: Wanted, rows: PositionRow[]): Promise<Map<string, Change>> {
  const changes = new Map<string, Change>();
  const base = new Map(rows.map((row) => [row.position_id, row]));
  for (let start = 0; start < rows.length; start += IDS_OF_A_REQUEST) {
    const ids = rows.slice(start, start + IDS_OF_A_REQUEST).map((row) => row.position_id);
    const under = await answerTo(askPositionsUnder(wanted.run, wanted.scenario, ids));
    for (const row of under.rows) {
      const before = base.get(row.position_id);
      changes.set(row.position_id, { base: less(row.pv_base, before?.pv_base), own: less(row.pv, before?.pv) });
    }
  }
  return changes;
}

function less(after: unknown, before: unknown): number | null {
  return typeof after === "number" && typeof before === "number" ? after - before : null;
}
