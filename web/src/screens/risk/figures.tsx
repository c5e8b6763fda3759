/** The six figures over the tree. */
import { least } from "d3-array";
import type { Figures, RunDocument, ScenarioChange, TreeNode } from "../../api/shapes";
import type { Figure } from "../../parts/Figures";
import { blanksOf, reasonInWords } from "../../numbers/blanks";
import { change, count, counted, exact, percent } from "../../numbers/format";
import { write, writing } from "../../numbers/measures";
import { choose } from "../../place";
import { valueOf } from "./tree";
import { bare } from "../../state/book";

interface Known {
  run: RunDocument;
  scenario: string;
  nodes: TreeNode[];
  totals: Figures[];
  changes: ScenarioChange[];
  isFiltered?: boolean;
}

export function riskFigures({ run, scenario, nodes, totals, changes, isFiltered = false }: Known): (Figure | null)[] {
  const base = totals.find((one) => one.scenario_id === "BASE");
  if (!base) return [];
  const worst = worstOf(totals, base);
  const under = scenario === "BASE" ? worst?.scenario : scenario;
  return [
    measureFigure("PV", "Present value", base, run, isFiltered ? `${count(Number(base.positions ?? 0))} of ${counted(run.positions, "position")} fit` : `${count(run.positions - (run.failed ?? 0))} of ${counted(run.positions, "position")}`),
    measureFigure("DV01", "DV01", base, run, "gain if rates fall 1 bp"),
    measureFigure("CS01", "CS01", base, run, "gain if spreads fall 1 bp"),
    worst ? worstFigure(worst, run, base) : null,
    under ? desksFigure(nodes, changes, under) : null,
    leftFigure(base, run, isFiltered),
  ];
}

function measureFigure(measure: string, label: string, base: Figures, run: RunDocument, context: string): Figure | null {
  const value = valueOf(base, measure);
  if (value === null) return null;
  return { label, value: write(measure, value), unit: writing(measure).unit(run.base_currency), context, title: exact(value) };
}

interface Worst {
  scenario: string;
  change: number;
}

export function worstOf(totals: Figures[], base: Figures): Worst | undefined {
  const others = totals.flatMap((one) => {
    const [under, before] = [valueOf(one, "PV"), valueOf(base, "PV")];
    if (one === base || under === null || before === null) return [];
    return [{ scenario: String(one.scenario_id), change: under - before }];
  });
  return least(others, (one) => one.change);
}

function worstFigure(worst: Worst, run: RunDocument, base: Figures): Figure {
  const pv = valueOf(base, "PV");
  const share = pv ? `, ${percent(worst.change / pv, 1, true)} of PV` : "";
  const held = run.scenarios.find((one) => bare(one) === bare(worst.scenario)) ?? worst.scenario;
  return {
    label: "Worst scenario",
    value: <span class={worst.change < 0 ? "neg" : undefined}>{change(worst.change / 1e6, 1)}</span>,
    unit: `${run.base_currency} m`,
    context: held + share,
    title: exact(worst.change),
  };
}

/** Of the desks; of the nodes right under the top where the book calls none of them a desk. */
function desksFigure(nodes: TreeNode[], changes: ScenarioChange[], scenario: string): Figure | null {
  const desks = nodes.some((one) => one.kind === "DESK") ? nodes.filter((one) => one.kind === "DESK") : nodes.filter((one) => one.parent_id === null);
  const ids = new Map(desks.map((one) => [one.node_id, one.name]));
  const hit = changes
    .filter((one) => one.scenario_id === scenario || one.scenario_id === bare(scenario))
    .flatMap((one) => (ids.has(String(one.node)) && typeof one.pv_change_base === "number" ? [{ name: ids.get(String(one.node))!, change: one.pv_change_base }] : []))
    .sort((a, b) => a.change - b.change);
  const [first, second] = hit;
  if (!first) return null;
  return {
    label: `Hardest-hit desk, ${bare(scenario)}`,
    value: first.name,
    isWords: true,
    title: exact(first.change),
    context: (
      <>
        <span class="neg">{change(first.change / 1e6, 1)}</span> m
        {second && (
          <>
            ; next {apart(second.name, first.name)}, <span class="neg">{change(second.change / 1e6, 1)}</span>
          </>
        )}
      </>
    ),
  };
}

/** `Birch` beside `Cedar Lending`, where both end alike. */
function apart(name: string, beside: string): string {
  const [words, others] = [name.split(" "), beside.split(" ")];
  return words.length > 1 && words.at(-1) === others.at(-1) ? words.slice(0, -1).join(" ") : name;
}

function leftFigure(base: Figures, run: RunDocument, isFiltered: boolean): Figure {
  const words = isFiltered ? "of what fits the filter" : blanksOf(run.failure_counts).map((one) => `${count(one.positions)} ${reasonInWords(one.code)}`).join(" · ");
  const left = typeof base.left_out === "number" ? base.left_out : 0;
  return {
    label: "Left out",
    value: left ? <span class="left">{count(left)}</span> : "0",
    unit: left === 1 ? "position" : "positions",
    context: left ? (
      <button type="button" class="text" onClick={() => choose({ leftout: "all" })}>
        {words}
      </button>
    ) : (
      "nothing is missing"
    ),
  };
}
