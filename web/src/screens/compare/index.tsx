/** Why did it move? As far as two runs say it: what is new, gone and changed. */
import { max } from "d3-array";
import { useAsk } from "../../api/asking";
import { addressOf } from "../../api/client";
import type { RunLine, TreeNode } from "../../api/shapes";
import { Waterfall } from "../../charts/Waterfall";
import { ChartPanel } from "../../charts/Twin";
import { change, count, counted, day, dayShort, exact, percent, short } from "../../numbers/format";
import { write, writeChange, writing } from "../../numbers/measures";
import { Chip } from "../../parts/Cells";
import type { Column } from "../../parts/columns";
import { ExportMenu } from "../../parts/ExportMenu";
import { Figures } from "../../parts/Figures";
import { Heat } from "../../parts/Heat";
import { Icon } from "../../parts/Icon";
import { Listbox } from "../../parts/Listbox";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { Seg } from "../../parts/Seg";
import { Table } from "../../parts/Table";
import { choose, link, place, set } from "../../place";
import { against, bare, hasFigures, run as shownRun, runs, scenario as shownScenario } from "../../state/book";
import { statusInWords } from "../../shell/words";
import { askTree } from "../risk/questions";
import { askDifferences, askMovers, PARTS, type Difference, type Mover } from "./questions";

const MEASURES = ["PV", "DV01", "CS01", "ALLOWANCE", "RWA_SA"];
const GROUPS = ["fund", "desk", "book", "product_type", "currency"];

export default function Compare() {
  const run = shownRun.value!;
  const query = place.value.query;
  const from = query.from ?? against.value ?? "";
  const to = query.to ?? run.run_id;
  if (!from) return <ChooseOther to={run.run_id} />;
  return <Compared from={from} to={to} />;
}

function ChooseOther({ to }: { to: string }) {
  const others = (runs.value?.rows ?? []).filter((one) => hasFigures(one) && one.run_id !== to);
  return (
    <>
      <div class="head">
        <h1>Compare</h1>
      </div>
      <div class="alone">
        <section class="panel">
          <div class="body">
            {others.length ? (
              <Empty title="Compare this run with which other?" action={<ul class="choose">{others.slice(0, 8).map((one) => <Other key={one.run_id} run={one} />)}</ul>}>
                The earlier run stands at the left, this one at the right.
              </Empty>
            ) : (
              <Empty title="There is one run with figures so far.">Two are needed to say what moved between them.</Empty>
            )}
          </div>
        </section>
      </div>
    </>
  );
}

function Other({ run }: { run: RunLine }) {
  return (
    <li>
      <a class="btn" href={link("/compare", { against: run.run_id })}>
        <span class="mono">{short(run.run_id)}</span> {day(run.as_of)} <span class="muted">{statusInWords(run.status)}</span>
      </a>
    </li>
  );
}

function Compared({ from, to }: { from: string; to: string }) {
  const run = shownRun.value!;
  const query = place.value.query;
  const scenario = bare(shownScenario.value);
  const measure = (query.measure ?? "PV").toUpperCase();
  const by = query.by ?? "desk";
  const two = { from, to, measure, scenario };
  const total = useAsk(askDifferences(two, "total"));
  const groups = useAsk(askDifferences(two, by));
  const movers = useAsk(askMovers(two, query.node ?? null));
  const tree = useAsk(askTree(run.run_id, ["PV"]));
  const names = new Map((tree.data ?? []).map((node) => [node.node_id, node.name]));
  const sides = [lineOf(from), lineOf(to)] as const;
  const whole = total.data?.[0];
  const how = writing(measure);
  const unit = how.unit(run.base_currency);
  return (
    <>
      <div class="head">
        <h1>Compare</h1>
        <Seg label="Measure" value={measure} choices={MEASURES.filter((one) => one === "PV" || run.measures.includes(one)).map((one) => [one, writing(one).label])} onChoose={(one) => choose({ measure: one === "PV" ? null : one.toLowerCase() })} />
        <span class="path">All funds, {shownScenario.value}</span>
        <span class="grow" />
        <Listbox label="Group" class="btn" right value={by} choices={GROUPS.map((one) => ({ value: one, label: one.replace("_", " ") }))} onChoose={(one) => choose({ by: one === "desk" ? null : one })} button={<>Group: {by.replace("_", " ")}<Icon name="down" small /></>} />
        <button type="button" class="btn" onClick={() => choose({ run: from, against: to, from: null, to: null })}>
          <Icon name="again" small />
          Swap sides
        </button>
        <ExportMenu what={`differences by ${by}`} address={addressOf("/api/v1/risk/compare", {}, { ...two, by })} />
      </div>
      {whole && (
        <Figures
          figures={[
            { label: "From", value: write(measure, whole.from), unit, title: exact(whole.from), context: sideInWords(sides[0], whole.positions_from) },
            { label: "To", value: write(measure, whole.to), unit, title: exact(whole.to), context: sideInWords(sides[1], whole.positions_to) },
            { label: "Change", value: <span class={whole.change < 0 ? "neg" : undefined}>{writeChange(measure, whole.change)}</span>, unit, title: exact(whole.change), context: whole.from ? percent(whole.change / whole.from, 2, true) : undefined },
            { label: "New", value: writeChange(measure, whole.new), unit, title: exact(whole.new), context: counted(whole.positions_new, "position") },
            { label: "Gone", value: <span class={whole.gone < 0 ? "neg" : undefined}>{writeChange(measure, whole.gone)}</span>, unit, title: exact(whole.gone), context: counted(whole.positions_gone, "position") },
            { label: "Changed", value: <span class={whole.changed < 0 ? "neg" : undefined}>{writeChange(measure, whole.changed)}</span>, unit, title: exact(whole.changed), context: counted(whole.positions_changed, "position") },
          ]}
        />
      )}
      <div class="row">
        <ChartPanel
          title="What moved"
          unit={`${unit} · positions that are new, gone and changed; not yet split into markets and terms`}
          file={`compare-${short(from)}-${short(to)}`}
          rows={whole && stepsOf(whole, sides)}
          keyOf={(one) => one.key}
          columns={[
            { id: "step", label: "Step", isLeft: true, cell: (one) => one.name, text: (one) => one.name },
            { id: "value", label: how.label, unit, cell: (one) => <span title={exact(one.value)}>{one.isLevel ? write(measure, one.value) : writeChange(measure, one.value)}</span>, text: (one) => one.value },
          ]}
        >
          <Answered asked={total} what="the difference of two runs">
            {() =>
              whole && (
                <div class="body">
                  <Waterfall
                    finding={`${how.label} moved by ${writeChange(measure, whole.change)} ${unit}: new ${writeChange(measure, whole.new)}, gone ${writeChange(measure, whole.gone)}, changed ${writeChange(measure, whole.changed)}`}
                    width={1140}
                    steps={stepsOf(whole, sides).map((one) => ({ ...one, shown: one.isLevel ? write(measure, one.value) : writeChange(measure, one.value) }))}
                    isNeutral={measure === "ALLOWANCE" || measure.startsWith("RWA")}
                  />
                </div>
              )
            }
          </Answered>
        </ChartPanel>
      </div>
      <div class="cols side">
        <Panel title={`By ${by.replace("_", " ")}`} unit={`${unit} · choose a row to see what moved most in it`}>
          <Answered asked={groups} what={`differences by ${by}`} rows={9}>
            {(rows) => (
              <div class="pgrid" tabIndex={0} role="group" aria-label={`Differences by ${by}`}>
                <Table
                  class="mat"
                  label={`Differences by ${by}`}
                  columns={groupColumns(by, measure, rows, names, sides)}
                  rows={rows}
                  keyOf={(row) => String(row[by])}
                  total={whole}
                  totalLabel="All funds"
                  isMarked={(row) => row[by] === query.node}
                  onRow={["fund", "desk", "book"].includes(by) ? (row) => set({ node: query.node === row[by] ? null : String(row[by]) }) : undefined}
                  caption={`${from} to ${to}, ${measure}, ${scenario}, ${run.base_currency}`}
                />
              </div>
            )}
          </Answered>
        </Panel>
        <div class="stack">
          <Panel title="Moved most" unit={query.node ? (names.get(query.node) ?? query.node) : "all funds"} class="fill">
            <Answered asked={movers} what="positions that moved most" rows={10} empty={(rows) => !rows.length && <Empty title="Nothing moved." />}>
              {(rows) => <Movers rows={rows} measure={measure} currency={run.base_currency} tree={tree.data ?? []} />}
            </Answered>
          </Panel>
        </div>
      </div>
    </>
  );
}

function lineOf(id: string): RunLine | undefined {
  return runs.value?.rows.find((one) => one.run_id.startsWith(id));
}

function sideInWords(line: RunLine | undefined, positions: number): string {
  return line ? `${dayShort(line.as_of)}, ${statusInWords(line.status).toLowerCase()}, ${count(positions)}` : `${count(positions)} positions`;
}

interface StepRow {
  key: string;
  name: string;
  value: number;
  isLevel: boolean;
}

/** One side only is a step where it is not nothing. */
function stepsOf(whole: Difference, sides: readonly [RunLine | undefined, RunLine | undefined]): StepRow[] {
  const parts = PARTS.filter(([key]) => key !== "one_side" || whole[key] !== 0);
  const nameOf = (line: RunLine | undefined, word: string) => (line ? `${dayShort(line.as_of)} ${short(line.run_id)}` : word);
  return [
    { key: "from", name: nameOf(sides[0], "From"), value: whole.from, isLevel: true },
    ...parts.map(([key, name]) => ({ key, name, value: whole[key], isLevel: false })),
    { key: "to", name: nameOf(sides[1], "To"), value: whole.to, isLevel: true },
  ];
}

function groupColumns(by: string, measure: string, rows: Difference[], names: Map<string, string>, sides: readonly [RunLine | undefined, RunLine | undefined]): Column<Difference>[] {
  const how = writing(measure);
  const widest = max(rows, (row) => Math.max(...PARTS.map(([key]) => Math.abs(row[key])))) ?? 0;
  const parts = PARTS.filter(([key]) => rows.some((row) => row[key] !== 0));
  const level = (key: "from" | "to", label: string): Column<Difference> => ({ id: key, label, cell: (row) => <span title={exact(row[key])}>{write(measure, row[key])}</span>, text: (row) => row[key] });
  return [
    { id: by, label: by.charAt(0).toUpperCase() + by.slice(1).replace("_", " "), isLeft: true, cell: (row) => names.get(String(row[by])) ?? (String(row[by]) || "none"), text: (row) => String(row[by]) },
    level("from", sides[0] ? dayShort(sides[0].as_of) : "From"),
    ...parts.map(
      ([key, name]): Column<Difference> => ({
        id: key,
        label: name,
        cell: (row) => <Heat value={row[key]} widest={widest} shown={change(row[key] / how.scale, how.digits)} />,
        text: (row) => row[key],
      }),
    ),
    level("to", sides[1] ? dayShort(sides[1].as_of) : "To"),
    { id: "change", label: "Change", class: (row) => (row.change < 0 ? "neg" : undefined), cell: (row) => <span title={exact(row.change)}>{writeChange(measure, row.change)}</span>, text: (row) => row.change },
  ];
}

const KINDS: Record<string, string> = { NEW: "New", GONE: "Gone", CHANGED: "Changed", ONE_SIDE: "One side", SAME: "Same" };

function Movers({ rows, measure, currency, tree }: { rows: Mover[]; measure: string; currency: string; tree: TreeNode[] }) {
  const names = new Map(tree.map((node) => [node.node_id, node.name]));
  return (
    <div class="pgrid" tabIndex={0} role="group" aria-label="Positions that moved most">
      <Table
        label="Positions that moved most"
        rows={rows}
        keyOf={(row) => row.position_id}
        columns={[
          { id: "position_id", label: "Position", isLeft: true, cell: (row) => <a class="mono" href={link(`/positions/${encodeURIComponent(row.position_id)}`, row.kind === "GONE" ? { run: place.value.query.from ?? against.value } : {})}>{row.position_id}</a>, text: (row) => row.position_id },
          { id: "book", label: "Book", isLeft: true, class: () => "q clip", cell: (row) => names.get(row.book_to ?? row.book_from ?? "") ?? row.book_to ?? row.book_from ?? "", text: (row) => row.book_to ?? row.book_from },
          { id: "change", label: `Change, ${writing(measure).unit(currency)}`, class: (row) => (row.change < 0 ? "neg" : undefined), cell: (row) => <span title={exact(row.change)}>{change(row.change / writing(measure).scale, 2)}</span>, text: (row) => row.change },
          { id: "kind", label: "What", isLeft: true, cell: (row) => <Chip square>{KINDS[row.kind] ?? row.kind}</Chip>, text: (row) => row.kind },
        ]}
      />
    </div>
  );
}
