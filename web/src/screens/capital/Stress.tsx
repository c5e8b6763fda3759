/** The capital ratio along a scenario, losses by quarter, and the paths behind them. */
import { rollup } from "d3-array";
import type { Asked } from "../../api/asking";
import { Columns } from "../../charts/Columns";
import { Line } from "../../charts/Line";
import { ChartPanel } from "../../charts/Twin";
import { exact, level, percent } from "../../numbers/format";
import { Answered, isLacking, Lacking } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import type { MacroRow, PathRow } from "./questions";

interface StressProps {
  asked: Asked<PathRow[]>;
  macro: MacroRow[];
  rows: PathRow[];
  currency: string;
}

const MOST_VARIABLES = 3;
/** As there is room for them beside the quarters. */
const NAMED: Record<string, string> = {
  unemployment_rate: "Unempl., %",
  unemployment: "Unempl., %",
  bbb_yield: "BBB yield, %",
  cre_price_index: "CRE prices",
  commercial_real_estate: "CRE prices",
  house_price_index: "House prices",
  real_gdp_growth: "Real GDP, %",
};
const WANTED = ["unemployment_rate", "unemployment", "bbb_yield", "cre_price_index", "commercial_real_estate", "house_price_index", "real_gdp_growth"];

export function Stress({ asked, macro, rows, currency }: StressProps) {
  const scenario = rows[0]?.scenario ?? "";
  const names = new Map(macro.filter((one) => one.scenario === scenario).map((one) => [one.quarter_index, one.quarter]));
  const nameOf = (quarter: number) => names.get(quarter) ?? (quarter === 0 ? "now" : `Q${quarter}`);
  const lost = rows.reduce((all, row) => all + (row.loss ?? 0), 0);
  const few = rows.filter((row) => row.quarter > 0);
  const variables = variablesOf(macro, scenario, few.length);
  return (
    <ChartPanel
      title="Stress"
      unit={rows.length ? `${scenario} · ${few.length} quarters · losses ${level(lost / 1e6, 1)} ${currency} m` : undefined}
      file="stress"
      rows={asked.data && rows}
      keyOf={(row) => String(row.quarter)}
      columns={[
        { id: "quarter", label: "Quarter", isLeft: true, cell: (row) => nameOf(row.quarter), text: (row) => nameOf(row.quarter) },
        { id: "ratio", label: "CET1 ratio", cell: (row) => <span title={exact(row.cet1_ratio)}>{percent(row.cet1_ratio, 1)}</span>, text: (row) => row.cet1_ratio },
        { id: "loss", label: "Loss", unit: `${currency} m`, cell: (row) => (row.loss === null ? "–" : level(row.loss / 1e6, 1)), text: (row) => row.loss },
      ]}
      instead={isLacking(asked.problem) ? <Lacking problem={asked.problem} /> : undefined}
    >
      <Answered asked={asked} what="stress" rows={7}>
        {() => (
          <div class="body scrolls" tabIndex={0} role="group" aria-label="Stress">
            <Line finding={`CET1 ratio under ${scenario}, lowest ${percent(Math.min(...rows.map((row) => row.cet1_ratio)), 1)}`} label="CET1 ratio, %" height={116} write={(value) => level(value * 100, 1)} points={rows.map((row) => ({ key: String(row.quarter), name: nameOf(row.quarter), value: row.cet1_ratio }))} />
            <Columns finding={`Losses by quarter under ${scenario}, ${currency} m`} width={672} height={108} left={78} label={`Loss, ${currency} m`} within={rows.map((row) => String(row.quarter))} isLoss columns={few.map((row) => ({ key: String(row.quarter), name: nameOf(row.quarter), value: row.loss ?? 0, shown: level((row.loss ?? 0) / 1e6, 1) }))} />
            {variables.length > 0 && (
              <Table
                class="vars"
                label="Scenario variables"
                rows={variables}
                keyOf={(one) => one.name}
                columns={[
                  { id: "variable", label: "Variable", isLeft: true, cell: (one) => one.name, text: (one) => one.name },
                  ...rows.slice(0, rows.length - few.length).map((row) => ({ id: String(row.quarter), label: "", name: nameOf(row.quarter), cell: () => "", text: () => null })),
                  ...few.map((row, n) => ({ id: String(row.quarter), label: nameOf(row.quarter), cell: (one: { values: (number | undefined)[] }) => (one.values[n] === undefined ? "" : level(one.values[n]!, Math.abs(one.values[n]!) < 100 ? 1 : 0)), text: (one: { values: (number | undefined)[] }) => one.values[n] })),
                ]}
              />
            )}
          </div>
        )}
      </Answered>
    </ChartPanel>
  );
}

function variablesOf(macro: MacroRow[], scenario: string, quarters: number) {
  const found = rollup(
    macro.filter((one) => one.scenario === scenario),
    (some) => new Map(some.map((one) => [one.quarter_index, one.value])),
    (one) => one.variable,
  );
  const order = [...found.keys()].sort((a, b) => rankOf(a) - rankOf(b)).slice(0, MOST_VARIABLES);
  return order.map((name) => ({ name: NAMED[name] ?? name.replaceAll("_", " "), values: Array.from({ length: quarters }, (_, n) => found.get(name)?.get(n + 1)) }));
}

function rankOf(variable: string): number {
  const at = WANTED.indexOf(variable);
  return at < 0 ? WANTED.length : at;
}
