/** The rows of the risk tree out of the server's totals: what is open, in which order, and each change against BASE. */
import type { Figures, PositionRow, ScenarioChange, TreeNode } from "../../api/shapes";
import type { TreeRow } from "../../parts/TreeGrid";
import { bare } from "../../state/book";
import { inCurrency, type Group } from "./grouping";

export interface RiskRow {
  id: string;
  kind: string;
  name: string;
  /** The same with what stands above it, for titles. */
  title: string;
  hint?: string;
  positions: number | null;
  left: number | null;
  figures: Figures;
  reasons: string;
  /** PV under the scenario less PV under BASE, of two totals of the server. */
  change: number | null;
}

/** PV under the scenario less PV under BASE: in base currency, and in the position's own. */
export interface Change {
  base: number | null;
  own: number | null;
}

export interface OpenPositions {
  rows: PositionRow[] | undefined;
  changes: Map<string, Change> | undefined;
  total: number | null;
  problem?: string;
}

/** The number of a measure in base currency; ratios have one column, amounts two. */
export function valueOf(figures: Figures, measure: string): number | null {
  const name = measure.toLowerCase();
  const value = `${name}_base` in figures ? figures[`${name}_base`] : figures[name];
  return typeof value === "number" ? value : null;
}

/** `Birch Lending` under `Birch Fund` is `Lending`. */
export function shortName(name: string, ancestor: string | undefined): string {
  const first = ancestor?.split(" ")[0];
  const rest = first && name.startsWith(`${first} `) ? name.slice(first.length + 1) : name;
  return rest || name;
}

export function changesByNode(changes: ScenarioChange[], scenario: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const one of changes) {
    if (one.scenario_id !== scenario && one.scenario_id !== bare(scenario)) continue;
    if (typeof one.pv_change_base === "number") found.set(String(one.node), one.pv_change_base);
  }
  return found;
}

export function nodeRow(node: TreeNode, ancestor: TreeNode | undefined, change: number | undefined): RiskRow {
  return {
    id: node.node_id,
    kind: node.kind,
    name: shortName(node.name, ancestor?.name),
    title: node.name,
    positions: node.positions,
    left: node.left_out,
    figures: node,
    reasons: node.reasons,
    change: change ?? null,
  };
}

export function positionRow(row: PositionRow, hint: string, change: number | undefined): RiskRow {
  return {
    id: row.position_id,
    kind: "POSITION",
    name: row.position_id,
    title: row.position_id,
    hint,
    positions: null,
    left: row.status === "PRICED" ? 0 : 1,
    figures: row,
    reasons: row.reason,
    change: change ?? null,
  };
}

export type Order = (a: RiskRow, b: RiskRow) => number;

/** `-delta` falls, `pv` rises; without a wish the server's order stays. */
export function orderOf(sort: string | undefined): Order | null {
  if (!sort) return null;
  const falls = sort.startsWith("-");
  const column = sort.replace(/^-/, "");
  const value = (row: RiskRow): number | string | null => {
    if (column === "name") return row.name;
    if (column === "positions") return row.positions;
    if (column === "left") return row.left;
    if (column === "delta") return row.change;
    if (column === "share") return shareOf(row);
    return valueOf(row.figures, column);
  };
  return (a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    const said = typeof x === "string" || typeof y === "string" ? String(x).localeCompare(String(y)) : x - y;
    return falls ? -said : said;
  };
}

/** The change as a share of PV; null where PV is too close to zero to mean anything. */
export function shareOf(row: RiskRow): number | null {
  const pv = valueOf(row.figures, "PV");
  if (row.change === null || pv === null || Math.abs(pv) < Math.abs(row.change)) return null;
  return row.change / pv;
}

interface Shown {
  open: ReadonlySet<string>;
  positions: ReadonlyMap<string, OpenPositions>;
  order: Order | null;
  hintOf: (row: PositionRow) => string;
  /** The currency that figures are shown in, and the run's own. */
  currency: string;
  base: string;
}

interface Build extends Shown {
  nodes: TreeNode[];
  changes: Map<string, number>;
  /** What an empty node says. */
  nothing: string;
}

/** One level of groups, their positions below. */
export function groupRows({ groups, changes, ...shown }: Shown & { groups: Group[]; changes: Map<string, number> }): TreeRow<RiskRow>[] {
  const rows: TreeRow<RiskRow>[] = [];
  const all = groups.map((one) => groupRow(one, changes.get(one.id) ?? null, shown));
  const sorted = shown.order ? [...all].sort(shown.order) : all;
  sorted.forEach((row, n) => {
    const isOpen = shown.open.has(row.id);
    rows.push({ key: row.id, level: 1, place: n + 1, siblings: sorted.length, isOpen, parent: null, data: row });
    if (isOpen) addPositions(rows, row.id, 2, shown);
  });
  return rows;
}

function groupRow({ id, name, base }: Group, change: number | null, { currency, base: own }: Shown): RiskRow {
  return { id, kind: "GROUP", name, title: name, positions: Number(base.positions ?? 0), left: Number(base.left_out ?? 0), figures: inCurrency(base, currency, own), reasons: String(base.reasons ?? ""), change };
}

export function buildRows({ nodes, changes, nothing, ...shown }: Build): TreeRow<RiskRow>[] {
  const below = new Map<string | null, TreeNode[]>();
  for (const node of nodes) below.set(node.parent_id, [...(below.get(node.parent_id) ?? []), node]);
  const rows: TreeRow<RiskRow>[] = [];
  const add = (parent: TreeNode | null, root: TreeNode | undefined, level: number): void => {
    const { open, order, currency, base } = shown;
    const children = (below.get(parent?.node_id ?? null) ?? []).map((node) => nodeRow(inCurrency(node, currency, base) as TreeNode, root, changes.get(node.node_id)));
    const sorted = order ? [...children].sort(order) : children;
    sorted.forEach((row, n) => {
      const node = row.figures as TreeNode;
      const isEmpty = node.positions === 0;
      const isOpen = isEmpty ? undefined : open.has(row.id);
      rows.push({ key: row.id, level, place: n + 1, siblings: sorted.length, isOpen, parent: parent?.node_id ?? null, data: row, words: isEmpty ? nothing : undefined });
      if (!isOpen) return;
      if (below.has(row.id)) add(node, root ?? node, level + 1);
      else addPositions(rows, row.id, level + 1, shown);
    });
  };
  add(null, undefined, 1);
  return rows;
}

function addPositions(rows: TreeRow<RiskRow>[], book: string, level: number, { positions, hintOf, order, currency, base }: Shown): void {
  const found = positions.get(book);
  const common = { level, parent: book, siblings: found?.total ?? 1 };
  if (!found?.rows) {
    const words = found?.problem ?? "positions are on their way";
    rows.push({ ...common, key: `${book} …`, place: 1, data: placeholder(book), words });
    return;
  }
  const children = found.rows.map((row) => {
    const change = found.changes?.get(row.position_id);
    return positionRow(inCurrency(row, currency, base) as PositionRow, hintOf(row), (currency === base ? change?.base : row.currency === currency ? change?.own : null) ?? undefined);
  });
  const sorted = order ? [...children].sort(order) : children;
  sorted.forEach((row, n) => rows.push({ ...common, key: `${book}/${row.id}`, place: n + 1, data: row }));
  const rest = (found.total ?? sorted.length) - sorted.length;
  if (rest > 0) {
    rows.push({ ...common, key: `${book} more`, place: sorted.length + 1, data: placeholder(book), words: `${rest.toLocaleString("en-US")} more, by falling PV: they come as you scroll` });
  }
}

function placeholder(id: string): RiskRow {
  return { id, kind: "MORE", name: "", title: "", positions: null, left: null, figures: {}, reasons: "", change: null };
}

/** What is open where the address says nothing: the funds, so that desks are seen. */
export function openOf(asked: string | undefined, nodes: TreeNode[]): Set<string> {
  if (asked !== undefined) return new Set(asked === "-" ? [] : asked.split(","));
  return new Set(nodes.filter((node) => node.parent_id === null).map((node) => node.node_id));
}
