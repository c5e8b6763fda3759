/** Risk-weighted assets by class and framework; each weight opens what is behind it. */
import { max, sum } from "d3-array";
import type { Asked } from "../../api/asking";
import type { RunDocument } from "../../api/shapes";
import { exact, level, percent } from "../../numbers/format";
import { Gap } from "../../parts/Cells";
import type { Column } from "../../parts/columns";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { NOT_THERE } from "../../numbers/blanks";
import { choose } from "../../place";
import { FRAMEWORKS, type CapitalRow, type Framework } from "./questions";
import { named } from "./words";

interface WeightsProps {
  asked: Asked<CapitalRow[]>;
  by: string;
  run: RunDocument;
}

export function Weights({ asked, by, run }: WeightsProps) {
  return (
    <Panel title="Risk-weighted assets" unit="choose a weight to see its rule, inputs and arithmetic">
      <Answered asked={asked} what="capital" rows={7} empty={(rows) => !rows.length && <Empty title="This run holds no exposures." />}>
        {(rows) => (
          <div class="pgrid" tabIndex={0} role="group" aria-label="Risk-weighted assets">
            <Table class="rw" label="Risk-weighted assets by exposure class and framework" rows={[...rows].sort((a, b) => (b.ead ?? 0) - (a.ead ?? 0))} keyOf={(row) => row.node_id} total={totalOf(rows)} totalLabel="Total" columns={columns(rows, run.base_currency, by)} caption={`run ${run.run_id}, by ${by}, ${run.base_currency}`} />
          </div>
        )}
      </Answered>
    </Panel>
  );
}

function totalOf(rows: CapitalRow[]): CapitalRow {
  const added = (key: "ead" | "rwa_sa" | "rwa_irb" | "rwa_us_sa") => sum(rows, (row) => row[key] ?? 0);
  return { ...rows[0]!, node_id: "TOTAL", kind: "TOTAL", ead: added("ead"), rwa_sa: added("rwa_sa"), rwa_irb: added("rwa_irb"), rwa_us_sa: added("rwa_us_sa") };
}

function columns(rows: CapitalRow[], currency: string, by: string): Column<CapitalRow>[] {
  const widest = max(rows, (row) => Math.max(...FRAMEWORKS.map((one) => row[one.rwa] ?? 0))) ?? 0;
  return [
    { id: "class", label: by === "asset_class" ? "Exposure class" : by, isLeft: true, cell: (row) => named(row.node_id), text: (row) => row.node_id },
    { id: "ead", label: "EAD", unit: `${currency} m`, cell: (row) => (row.ead === null ? "–" : <span title={exact(row.ead)}>{level(row.ead / 1e6, 1)}</span>), text: (row) => row.ead },
    ...FRAMEWORKS.flatMap((framework): Column<CapitalRow>[] => [
      { id: framework.rwa, label: framework.name, unit: `RWA, ${currency} m`, cell: (row) => <Weighted row={row} framework={framework} widest={widest} />, text: (row) => row[framework.rwa] },
      { id: framework.weight, label: "", name: `${framework.name} weight`, unit: "weight", class: () => "q", cell: (row) => <Weight row={row} framework={framework} />, text: (row) => weightOf(row, framework) },
    ]),
  ];
}

const BAR_PX = 44;

function Weighted({ row, framework, widest }: { row: CapitalRow; framework: Framework; widest: number }) {
  const value = row[framework.rwa];
  if (value === null) return <Gap blank={NOT_THERE} />;
  return (
    <>
      {row.kind !== "TOTAL" && (
        <svg class="mini" viewBox={`0 0 ${BAR_PX} 8`} width={BAR_PX} height={8} aria-hidden="true">
          <rect class="s1" width={widest ? (value / widest) * BAR_PX : 0} height={8} />
        </svg>
      )}
      <span class="dn" title={exact(value)}>
        {level(value / 1e6, 1)}
      </span>
    </>
  );
}

function weightOf(row: CapitalRow, framework: Framework): number | null {
  const value = row[framework.rwa];
  return value === null || !row.ead ? null : value / row.ead;
}

function Weight({ row, framework }: { row: CapitalRow; framework: Framework }) {
  const weight = weightOf(row, framework);
  if (weight === null) return <Gap blank={NOT_THERE} />;
  const shown = percent(weight, 0);
  if (row.kind === "TOTAL") return <>{shown}</>;
  return (
    <button type="button" class="rule" aria-label={`${named(row.node_id)}, ${framework.name}: ${shown}, what is behind it`} onClick={() => choose({ behind: `${framework.rwa}:${row.node_id}` })}>
      {shown}
    </button>
  );
}
