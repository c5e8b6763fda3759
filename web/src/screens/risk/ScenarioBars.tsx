/** What each scenario gains or loses against BASE for the selected node, worst first. */
import type { Asked } from "../../api/asking";
import type { Figures, ScenarioChange } from "../../api/shapes";
import { Bars } from "../../charts/Bars";
import { ChartPanel } from "../../charts/Twin";
import { change, exact } from "../../numbers/format";
import { ProblemNote, Waiting } from "../../parts/Panel";
import { choose } from "../../place";
import { bare } from "../../state/book";
import { valueOf } from "./tree";

interface ScenarioBarsProps {
  /** What the bars are drawn from. */
  asked: Asked<unknown>;
  changes: ScenarioChange[];
  totals: Figures[];
  /** What is selected: a node, or a group of `by`. */
  chosen: { by: string; key: string; name: string } | null;
  scenario: string;
  currency: string;
}

interface Row {
  scenario: string;
  change: number;
}

/** As many as can be told apart; the table has them all. */
const MOST_BARS = 15;

export function ScenarioBars({ asked, changes, totals, chosen, scenario, currency }: ScenarioBarsProps) {
  const rows = (chosen ? ofGroup(changes, chosen.by, chosen.key) : ofTotal(totals)).sort((a, b) => a.change - b.change);
  const name = chosen?.name ?? "All funds";
  const drawn = rows.length > MOST_BARS ? [...rows.slice(0, MOST_BARS - 3), ...rows.slice(-3)] : rows;
  const worst = rows[0];
  return (
    <ChartPanel
      title="Scenarios"
      label={`Scenarios, ${name}`}
      unit={`gain or loss against BASE, ${currency} m`}
      file="scenarios"
      caption={`${name}, gain or loss against BASE, ${currency}`}
      rows={rows}
      keyOf={(row) => row.scenario}
      columns={[
        { id: "scenario", label: "Scenario", isLeft: true, cell: (row) => row.scenario, text: (row) => row.scenario },
        { id: "change", label: "Gain or loss", unit: `${currency} m`, class: (row) => (row.change < 0 ? "neg" : undefined), cell: (row) => <span title={exact(row.change)}>{change(row.change / 1e6, 1)}</span>, text: (row) => row.change },
      ]}
      instead={asked.problem ? <ProblemNote problem={asked.problem} again={asked.again} /> : asked.isWaiting ? <Waiting what="scenarios" rows={8} /> : undefined}
    >
      <div class="body">
        <Bars
          finding={worst ? `Gain or loss by scenario, ${name}: worst is ${worst.scenario}, ${change(worst.change / 1e6, 1)} ${currency} m` : ""}
          bars={drawn.map((row) => ({ key: row.scenario, name: row.scenario, value: row.change, shown: change(row.change / 1e6, 1), isMarked: bare(scenario) === bare(row.scenario) }))}
          onChoose={(key) => choose({ scenario: key })}
        />
        {rows.length > drawn.length && <p class="hint">{rows.length - drawn.length} in between are in the table.</p>}
      </div>
    </ChartPanel>
  );
}

function ofGroup(changes: ScenarioChange[], by: string, key: string): Row[] {
  return changes.flatMap((one) => (String(one[by] ?? "") === key && one.scenario_id !== "BASE" && typeof one.pv_change_base === "number" ? [{ scenario: one.scenario_id, change: one.pv_change_base }] : []));
}

/** The difference of two totals of the server, as the tree's are. */
function ofTotal(totals: Figures[]): Row[] {
  const base = totals.find((one) => one.scenario_id === "BASE");
  const before = base ? valueOf(base, "PV") : null;
  if (before === null) return [];
  return totals.flatMap((one) => {
    const under = valueOf(one, "PV");
    return one === base || under === null ? [] : [{ scenario: String(one.scenario_id), change: under - before }];
  });
}
