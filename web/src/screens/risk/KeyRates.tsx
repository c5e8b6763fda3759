/** Key-rate DV01 of the selected node: columns under BASE, a tick under the scenario. */
import { sum } from "d3-array";
import { useAsk } from "../../api/asking";
import type { RunDocument } from "../../api/shapes";
import { Columns } from "../../charts/Columns";
import { ChartPanel } from "../../charts/Twin";
import { exact, level, short } from "../../numbers/format";
import { NotInRun, ProblemNote, Waiting } from "../../parts/Panel";
import { bare } from "../../state/book";
import { askKeyRates, type KeyRate } from "./questions";

interface KeyRatesProps {
  run: RunDocument;
  /** What it is the ladder of: `node`, or the name that is grouped by. */
  by?: string;
  /** As the address says, before the tree is there to name it. */
  id: string | null;
  node: { name: string } | null;
  scenario: string;
  height?: number;
}

interface Row {
  tenor: string;
  base: number;
  under: number | null;
}

export function KeyRates({ run, by = "node", id, node, scenario, height }: KeyRatesProps) {
  const isHeld = run.measures.includes("KEY_RATE_DV01");
  const asked = useAsk(isHeld ? askKeyRates(run.run_id, by, id) : null);
  const rows = ladder(asked.data ?? [], scenario);
  const name = node?.name ?? "All funds";
  const unit = `${run.base_currency} k per bp`;
  const total = sum(rows, (row) => row.base);
  const under = scenario === "BASE" ? null : sum(rows, (row) => row.under ?? 0);
  const largest = rows.reduce<Row | undefined>((most, row) => (!most || Math.abs(row.base) > Math.abs(most.base) ? row : most), undefined);
  const finding = largest ? `Key-rate DV01 of ${name}, ${unit}: most at ${largest.tenor}, ${shown(largest.base)} of ${level(total / 1e3, 1)}` : "";
  return (
    <ChartPanel
      title="Key-rate DV01"
      label={`Key-rate DV01 of ${name}`}
      unit={`${name}, ${unit}`}
      file={`key-rates-${short(run.run_id)}-${id ?? "total"}`}
      caption={`run ${run.run_id}, key-rate DV01 of ${name}, ${run.base_currency} per bp`}
      rows={isHeld && asked.data ? rows : undefined}
      keyOf={(row) => row.tenor}
      columns={[
        { id: "tenor", label: "Tenor", isLeft: true, cell: (row) => row.tenor, text: (row) => row.tenor },
        { id: "base", label: "BASE", unit, cell: (row) => <span title={exact(row.base)}>{level(row.base / 1e3, 1)}</span>, text: (row) => row.base },
        ...(scenario === "BASE" ? [] : [{ id: "under", label: scenario, unit, cell: (row: Row) => (row.under === null ? "" : level(row.under / 1e3, 1)), text: (row: Row) => row.under }]),
      ]}
      instead={
        !isHeld ? (
          <NotInRun measure="KEY_RATE_DV01" run={short(run.run_id)} />
        ) : asked.problem ? (
          <ProblemNote problem={asked.problem} again={asked.again} />
        ) : asked.isWaiting ? (
          <Waiting what="key rates" />
        ) : undefined
      }
    >
      <div class={asked.isChanging ? "body changing" : "body"}>
        <Columns
          finding={finding}
          height={height}
          columns={rows.map((row) => ({ key: row.tenor, name: row.tenor, value: row.base, shown: shown(row.base), tick: row.under }))}
        />
        <p class="hint legend">
          <span>
            <i class="bar key" /> BASE, adds up to {level(total / 1e3, 1)}
          </span>
          {under !== null && (
            <span>
              <i class="bar tickkey" /> {bare(scenario)}, {level(under / 1e3, 1)}
            </span>
          )}
        </p>
      </div>
    </ChartPanel>
  );
}

/** Whole thousands where there are many, a decimal where there are few. */
function shown(value: number): string {
  return level(value / 1e3, Math.abs(value) < 9_500 ? 1 : 0);
}

function ladder(rates: KeyRate[], scenario: string): Row[] {
  const under = new Map(rates.filter((one) => scenario !== "BASE" && (one.scenario_id === scenario || one.scenario_id === bare(scenario))).map((one) => [one.tenor, one.key_rate_dv01_base]));
  return rates
    .filter((one) => one.scenario_id === "BASE")
    .map((one) => ({ tenor: one.tenor, base: one.key_rate_dv01_base ?? 0, under: under.get(one.tenor) ?? null }));
}
