/** The book as the address asks for it: by tree or by groups, all of it or what a filter leaves, in base or its own currency. */
import { useMemo } from "preact/hooks";
import { useAsk } from "../../api/asking";
import type { Figures, RunDocument, ScenarioChange, TreeNode } from "../../api/shapes";
import { bare } from "../../state/book";
import { conditionOf, groupsOf, inCurrency, isPlain, namesOf, type Group } from "./grouping";
import { askChanges, askGroups, askTotals, askTree, type Whose } from "./questions";
import { changesByNode, type RiskRow } from "./tree";

export interface View {
  run: RunDocument;
  scenario: string;
  measures: string[];
  /** `tree`, or what is grouped by. */
  by: string;
  where: string | null;
  currency: string;
}

/** Five questions at most: what a filter or another currency needs stands in for what they make needless. */
export function useBook({ run, scenario, measures, by, where, currency }: View) {
  const isTree = by === "tree";
  const isOwn = currency !== run.base_currency;
  const hasScenarios = run.scenarios.length > 1;
  const isKept = !where && (isTree || isPlain(by)); // changes of every group under every scenario are there
  const asksUnder = scenario !== "BASE" && (isOwn || !isKept);
  const tree = useAsk(isTree ? askTree(run.run_id, measures) : null);
  const totals = useAsk(askTotals(run.run_id, measures, where));
  const changes = useAsk(hasScenarios && isKept && !(isTree && isOwn && asksUnder) ? askChanges(run.run_id, isTree ? "node" : by) : null);
  const base = useAsk(isTree && !where ? null : askGroups(run.run_id, isTree ? "node" : by, measures, where, "BASE"));
  const under = useAsk(asksUnder ? askGroups(run.run_id, isTree ? "node" : by, ["PV"], where, scenario) : null);
  const nodes = useMemo(() => (where ? filtered(tree.data ?? [], base.data ?? []) : (tree.data ?? [])), [tree.data, base.data, where]);
  const names = useMemo(() => (isTree ? [] : namesOf(by)), [by]);
  const groups = useMemo(() => (isTree ? [] : groupsOf([...(base.data ?? []), ...(under.data ?? [])], names, scenario)), [base.data, under.data, names, scenario]);
  const byRow = useMemo(
    () => (asksUnder ? changesUnder(isTree ? asGroups(nodes, under.data ?? []) : groups, currency, run.base_currency) : isTree ? changesByNode(changes.data ?? [], scenario) : changesByGroup(changes.data ?? [], by, scenario)),
    [asksUnder, nodes, groups, under.data, changes.data, scenario, currency],
  );
  const total = useMemo(() => totalOf(totals.data, scenario, run, currency), [totals.data, scenario, currency, run.run_id]);
  return { isTree, isKept, isOwn, tree, totals, changes, base, nodes, names, groups, byRow, total };
}

export type Book = ReturnType<typeof useBook>;

/** The tree as it stands, with the figures of what the filter leaves. */
function filtered(nodes: TreeNode[], totals: Figures[]): TreeNode[] {
  const found = new Map(totals.map((one) => [String(one.node), one]));
  return nodes.map((node) => {
    const { node_id, parent_id, name, kind, path } = node;
    const figures = found.get(node_id) ?? { positions: 0, left_out: 0, reasons: "", currency: null };
    return { ...figures, node_id, parent_id, name, kind, path } as TreeNode;
  });
}

function asGroups(nodes: TreeNode[], under: Figures[]): Group[] {
  const found = new Map(under.map((one) => [String(one.node), one]));
  return nodes.map((node) => ({ id: node.node_id, name: node.name, values: [node.node_id], base: node, under: found.get(node.node_id) }));
}

/** PV under the scenario less PV under BASE, of two totals of the server. */
function changesUnder(groups: Group[], currency: string, own: string): Map<string, number> {
  const pv = (figures: Figures | undefined) => figures && inCurrency(figures, currency, own).pv_base;
  return new Map(
    groups.flatMap(({ id, base, under }): [string, number][] => {
      const [after, before] = [pv(under), pv(base)];
      return typeof after === "number" && typeof before === "number" ? [[id, after - before]] : [];
    }),
  );
}

function changesByGroup(changes: ScenarioChange[], by: string, scenario: string): Map<string, number> {
  const mine = changes.filter((one) => (one.scenario_id === scenario || one.scenario_id === bare(scenario)) && typeof one.pv_change_base === "number");
  return new Map(mine.map((one) => [encodeURIComponent(String(one[by] ?? one[`group:${by}`] ?? "")), one.pv_change_base!]));
}

function totalOf(totals: Figures[] | undefined, scenario: string, run: RunDocument, currency: string): RiskRow | undefined {
  const found = totals?.find((one) => one.scenario_id === "BASE");
  if (!found) return undefined;
  const base = inCurrency(found, currency, run.base_currency);
  const other = totals?.find((one) => one.scenario_id === scenario || one.scenario_id === bare(scenario));
  const pair = [other && inCurrency(other, currency, run.base_currency).pv_base, base.pv_base];
  return {
    id: "",
    kind: "TOTAL",
    name: "All funds",
    title: "All funds",
    positions: typeof base.positions === "number" ? base.positions : run.positions,
    left: typeof base.left_out === "number" ? base.left_out : null,
    figures: base,
    reasons: String(base.reasons ?? ""),
    change: scenario === "BASE" || typeof pair[0] !== "number" || typeof pair[1] !== "number" ? null : pair[0] - pair[1],
  };
}

/** Whose positions hang on a row that is open. */
export function placesOf(book: Book, open: ReadonlySet<string>, where: string | null): Record<string, Whose> {
  const narrowed = where ? { where } : {};
  if (!book.isTree) {
    const both = (said: string) => (where ? `(${where}) and ${said}` : said);
    return Object.fromEntries(book.groups.filter((one) => open.has(one.id)).map((one) => [one.id, { where: both(conditionOf(book.names, one.values)) }]));
  }
  const parents = new Set(book.nodes.map((node) => node.parent_id));
  const books = book.nodes.filter((node) => open.has(node.node_id) && !parents.has(node.node_id) && node.positions > 0);
  return Object.fromEntries(books.map((node) => [node.node_id, { node: node.node_id, ...narrowed }]));
}
