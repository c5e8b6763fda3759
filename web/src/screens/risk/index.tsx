/** Which desk loses most, and on what? */
import { useMemo, useState } from "preact/hooks";
import { useAsk } from "../../api/asking";
import type { TreeNode } from "../../api/shapes";
import { Figures } from "../../parts/Figures";
import { Answered, Panel } from "../../parts/Panel";
import { TreeGrid, type TreeRow } from "../../parts/TreeGrid";
import { count, counted, short } from "../../numbers/format";
import { choose, go, link, place, set } from "../../place";
import { bare, run as shownRun, scenario as shownScenario } from "../../state/book";
import { announce } from "../../shell/announce";
import { product } from "../../shell/words";
import { riskColumns } from "./columns";
import { KeyRates } from "./KeyRates";
import { Phone } from "./Phone";
import { riskFigures } from "./figures";
import { ScenarioBars } from "./ScenarioBars";
import { useOpenPositions } from "./positions";
import { askChanges, askTotals, askTree, WANTED } from "./questions";
import { buildRows, changesByNode, openOf, orderOf, type RiskRow } from "./tree";
import { Within } from "./Within";
import { Tools } from "./Tools";
import { usePhone } from "./usePhone";

export default function Risk() {
  const run = shownRun.value!;
  const scenario = shownScenario.value;
  const query = place.value.query;
  const measures = useMemo(() => chosenMeasures(query.cols, run.measures), [query.cols, run.run_id]);
  const tree = useAsk(askTree(run.run_id, measures));
  const totals = useAsk(askTotals(run.run_id, measures));
  const changes = useAsk(run.scenarios.length > 1 ? askChanges(run.run_id) : null);
  const isPhone = usePhone();
  const nodes = tree.data ?? [];
  const node = nodes.find((one) => one.node_id === query.node) ?? null;
  const byNode = useMemo(() => changesByNode(changes.data ?? [], scenario), [changes.data, scenario]);
  const totalRow = useMemo(() => totalOf(totals.data, scenario, run.positions), [totals.data, scenario]);
  const path = scenario === "BASE" ? "fund › desk › book › position" : `fund › desk › book › position, ${scenario}`;
  const figures = riskFigures({ run, scenario, nodes, totals: totals.data ?? [], changes: changes.data ?? [] });
  if (isPhone) return <Phone run={run} scenario={scenario} nodes={nodes} node={node} changes={byNode} total={totalRow} asked={tree} />;
  return (
    <>
      <div class="head">
        <h1>Risk</h1>
        <span class="path">{path}</span>
        <span class="grow" />
        <Tools run={run} measures={measures} node={node?.node_id ?? null} scenario={scenario} />
      </div>
      <Figures figures={figures} />
      <div class="cols side">
        <Panel title="Risk tree" class="headless">
          <Answered asked={tree} what={`totals by desk of run ${short(run.run_id)}`} rows={12}>
            {(found) => <Tree nodes={found} measures={measures} changes={byNode} total={totalRow} />}
          </Answered>
        </Panel>
        <div class="stack">
          <KeyRates run={run} id={query.node ?? null} node={node} scenario={scenario} />
          {run.scenarios.length > 1 && <ScenarioBars asked={changes} totals={totals.data ?? []} node={node} scenario={scenario} currency={run.base_currency} />}
          <Within nodes={nodes} node={node} changes={byNode} scenario={scenario} currency={run.base_currency} />
        </div>
      </div>
    </>
  );
}

function chosenMeasures(asked: string | undefined, held: string[]): string[] {
  const wanted = asked ? asked.toUpperCase().split(",") : WANTED;
  return ["PV", ...wanted.filter((one) => one !== "PV" && held.includes(one))];
}

function totalOf(totals: RiskRow["figures"][] | undefined, scenario: string, positions: number): RiskRow | undefined {
  const base = totals?.find((one) => one.scenario_id === "BASE");
  if (!base) return undefined;
  const under = totals?.find((one) => one.scenario_id === scenario || one.scenario_id === bare(scenario));
  const pair = [under?.pv_base, base.pv_base];
  const change = typeof pair[0] === "number" && typeof pair[1] === "number" ? pair[0] - pair[1] : null;
  return {
    id: "",
    kind: "TOTAL",
    name: "All funds",
    title: "All funds",
    positions: typeof base.positions === "number" ? base.positions : positions,
    left: typeof base.left_out === "number" ? base.left_out : null,
    figures: base,
    reasons: String(base.reasons ?? ""),
    change: scenario === "BASE" ? null : change,
  };
}

interface TreeProps {
  nodes: TreeNode[];
  measures: string[];
  changes: Map<string, number>;
  total: RiskRow | undefined;
}

function Tree({ nodes, measures, changes, total }: TreeProps) {
  const run = shownRun.value!;
  const scenario = shownScenario.value;
  const query = place.value.query;
  const open = useMemo(() => openOf(query.open, nodes), [query.open, nodes]);
  const books = useMemo(() => openBooks(nodes, open), [nodes, open]);
  const [limits, setLimits] = useState<Record<string, number>>({});
  const positions = useOpenPositions({ run: run.run_id, scenario, books, measures, limits });
  const order = useMemo(() => orderOf(query.sort), [query.sort]);
  const rows = useMemo(
    () => buildRows({ nodes, changes, open, positions, order, hintOf: (row) => `${row.currency} ${product(row.product_type)}` }),
    [nodes, changes, open, positions, order],
  );
  const columns = useMemo(
    () => riskColumns({ measures, scenario, currency: run.base_currency, rows: rows.map((one) => one.data) }),
    [measures, scenario, run.run_id, rows],
  );
  const turn = (row: TreeRow<RiskRow>, isOpen: boolean) => {
    const next = new Set(open);
    if (isOpen) next.add(row.data.id);
    else next.delete(row.data.id);
    set({ open: next.size ? [...next].join(",") : "-" });
    if (isOpen) announce(`${row.data.name}, ${childrenInWords(nodes, row.data.id, row.data.positions)}`);
  };
  const act = (row: TreeRow<RiskRow>, column: string) => {
    if (row.data.kind === "MORE") setLimits({ ...limits, [row.data.id]: (limits[row.data.id] ?? 200) + 800 });
    else if (row.data.kind === "POSITION") go(link(`/positions/${encodeURIComponent(row.data.id)}`, { list: row.parent }));
    else if (row.isOpen !== undefined && column === "name") turn(row, !row.isOpen);
    else choose({ inspect: `node:${row.data.id}.${column === "delta" || column === "positions" ? "PV" : column}` });
  };
  return (
    <>
      <TreeGrid
        label="Risk by fund, desk, book and position"
        columns={columns}
        rows={rows}
        total={total}
        totalLabel="All funds"
        selected={query.node ?? null}
        sort={query.sort}
        caption={`run ${run.run_id}, ${scenario}, ${run.base_currency}`}
        onSelect={(row) => ["POSITION", "MORE"].includes(row.data.kind) || set({ node: row.data.id })}
        onOpen={turn}
        onAct={act}
        onSort={(column) => set({ sort: query.sort === `-${column}` ? column : query.sort === column ? null : `-${column}` })}
      />
      <p class="keys">
        <span>
          {counted(nodes.length, "node")} · {counted(total?.positions ?? run.positions, "position")}
        </span>
        <span>
          <kbd>→</kbd> open
        </span>
        <span>
          <kbd>Enter</kbd> where it came from
        </span>
        <span>
          <kbd>?</kbd> all keys
        </span>
      </p>
    </>
  );
}

function openBooks(nodes: TreeNode[], open: ReadonlySet<string>): string[] {
  const parents = new Set(nodes.map((node) => node.parent_id));
  return nodes.filter((node) => open.has(node.node_id) && !parents.has(node.node_id) && node.positions > 0).map((node) => node.node_id);
}

function childrenInWords(nodes: TreeNode[], id: string, positions: number | null): string {
  const children = nodes.filter((node) => node.parent_id === id);
  const kind = children[0]?.kind.toLowerCase();
  return kind ? counted(children.length, kind) : `${count(positions ?? 0)} positions`;
}

