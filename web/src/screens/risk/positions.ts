/** Positions of the books and groups that are open: page after page as they are looked at, and the same ones under the scenario. */
import { useEffect, useRef, useState } from "preact/hooks";
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
  /** How many of a row are wanted, where that is more than a page. */
  limits: Record<string, number>;
}

/** What has come of one question so far. */
interface Kept {
  rows: PositionRow[];
  /** Where the next page begins; null after the last, undefined before the first. */
  next: string | null | undefined;
  total: number | null;
  changes: Map<string, Change>;
}

export function useOpenPositions(wanted: Wanted): ReadonlyMap<string, OpenPositions> {
  const [found, setFound] = useState<ReadonlyMap<string, OpenPositions>>(new Map());
  const kept = useRef(new Map<string, Kept>());
  const key = JSON.stringify(wanted);
  useEffect(() => {
    let isOver = false;
    const show = (row: string, positions: OpenPositions) => {
      if (!isOver) setFound((before) => new Map(before).set(row, positions));
    };
    const shown = new Map(Object.entries(wanted.places).map(([row, whose]) => [row, keyOf(wanted, whose)]));
    for (const key of kept.current.keys()) if (![...shown.values()].includes(key)) kept.current.delete(key);
    for (const [row, whose] of Object.entries(wanted.places)) {
      const one = kept.current.get(shown.get(row)!) ?? { rows: [], next: undefined, total: null, changes: new Map() };
      kept.current.set(shown.get(row)!, one);
      void fetchPositions(wanted, row, whose, one, (positions) => show(row, positions), () => isOver);
    }
    return () => {
      isOver = true;
    };
  }, [key]);
  return found;
}

function keyOf({ run, scenario, measures }: Wanted, whose: Whose): string {
  return JSON.stringify([run, scenario, measures, whose]);
}

async function fetchPositions(wanted: Wanted, row: string, whose: Whose, kept: Kept, show: (found: OpenPositions) => void, isOver: () => boolean): Promise<void> {
  const limit = wanted.limits[row] ?? POSITIONS_OF_A_PAGE;
  const shown = () => ({ rows: kept.rows, changes: wanted.scenario === "BASE" || !kept.changes.size ? undefined : kept.changes, total: kept.total });
  try {
    while (kept.next !== null && kept.rows.length < limit) {
      const cursor = kept.next;
      const page = await answerTo(askPositions(wanted.run, whose, wanted.measures, cursor));
      if (isOver() || kept.next !== cursor) return; // somebody else has taken it
      Object.assign(kept, { rows: [...kept.rows, ...page.rows], next: page.next, total: kept.total ?? page.total });
      show(shown());
    }
    show(shown());
    if (wanted.scenario === "BASE") return;
    await addChanges(wanted, kept);
    if (!isOver()) show(shown());
  } catch (error) {
    const words = error instanceof Problem ? error.message : "the server does not answer";
    if (!isOver()) show({ rows: undefined, changes: undefined, total: null, problem: words });
  }
}

const IDS_OF_A_REQUEST = 200;

/** Of the rows that have none yet. */
async function addChanges(wanted: Wanted, kept: Kept): Promise<void> {
  const rows = kept.rows.filter((row) => !kept.changes.has(row.position_id));
  const base = new Map(rows.map((row) => [row.position_id, row]));
  for (let start = 0; start < rows.length; start += IDS_OF_A_REQUEST) {
    const ids = rows.slice(start, start + IDS_OF_A_REQUEST).map((row) => row.position_id);
    const under = await answerTo(askPositionsUnder(wanted.run, wanted.scenario, ids));
    for (const row of under.rows) {
      const before = base.get(row.position_id);
      kept.changes.set(row.position_id, { base: less(row.pv_base, before?.pv_base), own: less(row.pv, before?.pv) });
    }
  }
}

function less(after: unknown, before: unknown): number | null {
  return typeof after === "number" && typeof before === "number" ? after - before : null;
}
