/** Where inside the selected node it is: its children by what the scenario does to them, by value under BASE. */
import type { TreeNode } from "../../api/shapes";
import { Bars } from "../../charts/Bars";
import { ChartPanel } from "../../charts/Twin";
import { change, exact, level } from "../../numbers/format";
import { set } from "../../place";
import { valueOf } from "./tree";

interface WithinProps {
  nodes: TreeNode[];
  node: TreeNode | null;
  changes: Map<string, number>;
  scenario: string;
  currency: string;
}

interface Row {
  id: string;
  name: string;
  value: number;
}

/** As many as there is room for; the table has them all. */
const MOST_BARS = 8;

export function Within({ nodes, node, changes, scenario, currency }: WithinProps) {
  const isBase = scenario === "BASE";
  const parent = nodes.find((one) => one.parent_id === node?.node_id) ? node : (nodes.find((one) => one.node_id === node?.parent_id) ?? null);
  const rows = nodes
    .filter((one) => one.parent_id === (parent?.node_id ?? null) && one.positions > 0)
    .map((one): Row => ({ id: one.node_id, name: shortOf(one.name, parent), value: (isBase ? valueOf(one, "PV") : changes.get(one.node_id)) ?? 0 }))
    .sort((a, b) => (isBase ? b.value - a.value : a.value - b.value));
  if (rows.length < 2) return null;
  const name = parent?.name ?? "All funds";
  const shown = (value: number) => (isBase ? level : change)(value / 1e6, 1);
  return (
    <ChartPanel
      title={`Within ${name}`}
      unit={`${isBase ? "PV" : scenario}, ${currency} m`}
      file={`within-${parent?.node_id ?? "total"}`}
      caption={`${name}, ${isBase ? "PV" : `gain or loss under ${scenario}`}, ${currency}`}
      rows={rows}
      keyOf={(row) => row.id}
      columns={[
        { id: "name", label: "Node", isLeft: true, cell: (row) => row.name, text: (row) => row.name },
        { id: "value", label: isBase ? "PV" : "Gain or loss", unit: `${currency} m`, class: (row) => (row.value < 0 ? "neg" : undefined), cell: (row) => <span title={exact(row.value)}>{shown(row.value)}</span>, text: (row) => row.value },
      ]}
    >
      <div class="body">
        <Bars finding={`Within ${name}, ${rows[0]!.name} ${isBase ? "is largest" : "loses most"}: ${shown(rows[0]!.value)} ${currency} m`} bars={rows.slice(0, MOST_BARS).map((row) => ({ key: row.id, name: row.name, value: row.value, shown: shown(row.value), isMarked: row.id === node?.node_id }))} row={17} isLevel={isBase} onChoose={(id) => set({ node: id })} />
      </div>
    </ChartPanel>
  );
}

/** `Property` within Cedar Lending, as the tree has it. */
function shortOf(name: string, parent: TreeNode | null): string {
  const first = parent?.name.split(" ")[0];
  return first && name.startsWith(`${first} `) ? name.slice(first.length + 1) : name;
}
