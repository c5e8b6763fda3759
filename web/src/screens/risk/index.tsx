/** Which desk loses most, and on what? */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { TreeNode } from "../../api/shapes";
import { Figures } from "../../parts/Figures";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { TreeGrid, type TreeRow } from "../../parts/TreeGrid";
import { count, counted, short } from "../../numbers/format";
import { MEASURES } from "../../numbers/measures";
import { choose, go, link, place, set } from "../../place";
import { currencies, run as shownRun, scenario as shownScenario } from "../../state/book";
import { announce } from "../../shell/announce";
import { product } from "../../shell/words";
import { placesOf, useBook, type Book } from "./book";
import { riskColumns } from "./columns";
import { Chips } from "./Chips";
import { KeyRates } from "./KeyRates";
import { Phone } from "./Phone";
import { riskFigures } from "./figures";
import { isPlain } from "./grouping";
import { ScenarioBars } from "./ScenarioBars";
import { useOpenPositions } from "./positions";
import { WANTED } from "./questions";
import { buildRows, groupRows, openOf, orderOf, type RiskRow } from "./tree";
import { Within } from "./Within";
import { Tools } from "./Tools";
import { usePhone } from "./usePhone";

export default function Risk() {
  const run = shownRun.value!;
  const scenario = shownScenario.value;
  const query = place.value.query;
  const measures = useMemo(() => chosenMeasures(query.cols, run.measures), [query.cols, run.run_id]);
  const by = query.by ?? "tree";
  const where = query.where ?? null;
  const currency = query.ccy ?? run.base_currency;
  const book = useBook({ run, scenario, measures, by, where, currency });
  const { tree, totals, changes, nodes, groups, byRow, total } = book;
  const isPhone = usePhone();
  useEffect(() => {
    if (tree.data) currencies.value = [...new Set(tree.data.flatMap((one) => one.currency ?? []))].sort();
  }, [tree.data]);
  const node = nodes.find((one) => one.node_id === query.node) ?? null;
  const group = groups.find((one) => one.id === query.group) ?? null;
  const name = group?.name ?? node?.name ?? "All funds";
  const path = `${book.isTree ? "fund › desk › book › position" : `by ${by}, then position`}${scenario === "BASE" ? "" : `, ${scenario}`}`;
  const figures = riskFigures({ run, scenario, nodes, totals: totals.data ?? [], changes: changes.data ?? [], isFiltered: Boolean(where) });
  if (isPhone && book.isTree) return <Phone run={run} scenario={scenario} nodes={nodes} node={node} changes={byRow} total={total} asked={tree} />;
  const isGroup = !book.isTree && isPlain(by);
  const chosen = book.isTree ? (node && { by: "node", key: node.node_id, name }) : isGroup && group ? { by, key: group.values[0]!, name } : null;
  return (
    <>
      <div class="head">
        <h1>Risk</h1>
        <span class="path">{path}</span>
        <span class="grow" />
        <Tools run={run} measures={measures} node={book.isTree ? (node?.node_id ?? null) : null} by={by} where={where} scenario={scenario} />
      </div>
      {where && <Chips where={where} measured={run.columns} />}
      <Figures figures={figures} />
      <div class="cols side">
        <Panel title="Risk tree" class="headless">
          <Answered asked={where || !book.isTree ? book.base : tree} what={`totals of run ${short(run.run_id)}`} rows={12} empty={() => !book.isTree && !groups.length && <Empty title="No position fits.">{where ? "Take a condition away, or change it." : "This run has no position."}</Empty>}>
            {() => <Tree book={book} by={by} where={where} currency={currency} measures={measures} />}
          </Answered>
        </Panel>
        <div class="stack">
          {where || (!book.isTree && !isGroup) ? (
            <Panel title="Key-rate DV01" class="fixed">
              <div class="body">
                <Empty title="Key rates are kept by node, and by one attribute.">{where ? "Not of what a filter leaves." : "Not of several together, or of bands."}</Empty>
              </div>
            </Panel>
          ) : (
            <KeyRates run={run} by={book.isTree ? "node" : by} id={book.isTree ? (query.node ?? null) : (group?.values[0] ?? null)} node={{ name }} scenario={scenario} />
          )}
          {run.scenarios.length > 1 && <ScenarioBars asked={chosen && book.isKept ? changes : totals} changes={changes.data ?? []} totals={totals.data ?? []} chosen={book.isKept ? chosen : null} scenario={scenario} currency={run.base_currency} />}
          {book.isTree && !book.isOwn && !where && <Within nodes={nodes} node={node} changes={byRow} scenario={scenario} currency={run.base_currency} />}
        </div>
      </div>
    </>
  );
}

function chosenMeasures(asked: string | undefined, held: string[]): string[] {
  const wanted = asked === "-" ? [] : asked ? asked.toUpperCase().split(",") : WANTED;
  return ["PV", ...wanted.filter((one) => one !== "PV" && one in MEASURES && held.includes(one))];
}

interface TreeProps {
  book: Book;
  by: string;
  where: string | null;
  currency: string;
  measures: string[];
}

function Tree({ book, by, where, currency, measures }: TreeProps) {
  const run = shownRun.value!;
  const scenario = shownScenario.value;
  const query = place.value.query;
  const { nodes, groups, byRow, total } = book;
  const open = useMemo(() => (book.isTree ? openOf(query.open, nodes) : new Set(query.open?.split(",") ?? [])), [query.open, nodes, book.isTree]);
  const places = useMemo(() => placesOf(book, open, where), [nodes, groups, open, where]);
  const [limits, setLimits] = useState<Record<string, number>>({});
  const positions = useOpenPositions({ run: run.run_id, scenario, places, measures, limits });
  const order = useMemo(() => orderOf(query.sort), [query.sort]);
  const rows = useMemo(() => {
    const shown = { open, positions, order, currency, base: run.base_currency, changes: byRow, hintOf };
    return book.isTree ? buildRows({ ...shown, nodes, nothing: where ? "holds nothing that fits" : "holds no positions in this snapshot" }) : groupRows({ ...shown, groups });
  }, [nodes, groups, byRow, open, positions, order, currency]);
  const columns = useMemo(
    () => riskColumns({ measures, scenario, currency, isOwn: book.isOwn, rows: rows.map((one) => one.data), name: book.isTree ? "Name" : by.replaceAll(",", ", ") }),
    [measures, scenario, run.run_id, rows, by, currency],
  );
  const turn = (row: TreeRow<RiskRow>, isOpen: boolean) => {
    const next = new Set(open);
    if (isOpen) next.add(row.data.id);
    else next.delete(row.data.id);
    set({ open: next.size ? [...next].join(",") : book.isTree ? "-" : null });
    if (isOpen) announce(`${row.data.name}, ${childrenInWords(nodes, row.data.id, row.data.positions)}`);
  };
  const readOn = (row: TreeRow<RiskRow>) => {
    const here = positions.get(row.data.id)?.rows?.length ?? 0;
    if (here && (limits[row.data.id] ?? 0) <= here) setLimits({ ...limits, [row.data.id]: here + 1 });
  };
  const act = (row: TreeRow<RiskRow>, column: string) => {
    if (row.data.kind === "MORE") readOn(row);
    else if (row.data.kind === "POSITION") go(link(`/positions/${encodeURIComponent(row.data.id)}`, { list: book.isTree ? row.parent : null }));
    else if (column === "left" && row.data.left) choose({ leftout: row.data.kind === "GROUP" ? "all" : row.data.id });
    else if (row.isOpen !== undefined && (column === "name" || row.data.kind === "GROUP" || where)) turn(row, !row.isOpen);
    else choose({ inspect: `node:${row.data.id}.${column === "delta" || column === "positions" || column === "share" || column === "left" ? "PV" : column}` });
  };
  const select = (row: TreeRow<RiskRow>) => {
    if (row.data.kind === "GROUP") set({ group: row.data.id });
    else if (!["POSITION", "MORE"].includes(row.data.kind)) set({ node: row.data.id });
  };
  return (
    <>
      <TreeGrid
        label={book.isTree ? "Risk by fund, desk, book and position" : `Risk by ${by} and position`}
        columns={columns}
        rows={rows}
        total={total}
        totalLabel={where ? "All that fits" : "All funds"}
        selected={(book.isTree ? query.node : query.group) ?? null}
        sort={query.sort}
        caption={`run ${run.run_id}, ${scenario}, ${currency}${where ? `, ${where}` : ""}`}
        onSelect={select}
        onOpen={turn}
        onAct={act}
        onSeen={(seen) => seen.filter((row) => row.data.kind === "MORE").forEach(readOn)}
        onSort={(column) => set({ sort: query.sort === `-${column}` ? column : query.sort === column ? null : `-${column}` })}
        onMoveColumn={(column, step) => set({ cols: moved(measures, column, step) })}
      />
      <p class="keys">
        <span>
          {book.isTree ? counted(nodes.length, "node") : counted(groups.length, "group")} · {counted(total?.positions ?? run.positions, "position")}
        </span>
        <span>
          <kbd>→</kbd> open
        </span>
        <span>
          <kbd>Enter</kbd> {book.isTree && !where ? "where it came from" : "open"}
        </span>
        <span>
          <kbd>Alt ←→</kbd> move the column
        </span>
        <span>
          <kbd>?</kbd> all keys
        </span>
      </p>
    </>
  );
}

function hintOf(row: { currency: string; product_type: string }): string {
  return `${row.currency} ${product(row.product_type)}`;
}

/** PV stays the first. */
export function moved(measures: string[], column: string, step: number): string | null {
  const rest = measures.filter((one) => one !== "PV");
  const at = rest.indexOf(column);
  const to = at + step;
  if (at < 0 || to < 0 || to >= rest.length) return rest.join(",").toLowerCase() || null;
  rest.splice(to, 0, rest.splice(at, 1)[0]!);
  announce(`${column}, column ${to + 1} of ${rest.length}`);
  return rest.join(",") === WANTED.slice(1).join(",") ? null : rest.join(",").toLowerCase();
}

function childrenInWords(nodes: TreeNode[], id: string, positions: number | null): string {
  const children = nodes.filter((node) => node.parent_id === id);
  const kind = children[0]?.kind.toLowerCase();
  return kind ? counted(children.length, kind) : `${count(positions ?? 0)} positions`;
}
