/** The columns of the risk tree: one scale each, the unit in the head. */
import { max } from "d3-array";
import { Delta, Gap, Num } from "../../parts/Cells";
import type { Column } from "../../parts/columns";
import { reasonsOf, TOO_CLOSE } from "../../numbers/blanks";
import { change, count, exact, NOTHING } from "../../numbers/format";
import { writing } from "../../numbers/measures";
import { link } from "../../place";
import { shareOf, valueOf, type RiskRow } from "./tree";

interface Wanted {
  measures: string[];
  scenario: string;
  /** That figures are shown in. */
  currency: string;
  isOwn: boolean;
  rows: RiskRow[];
  /** What the first column holds. */
  name: string;
}

const WIDTHS: Record<string, number> = { PV: 74, DV01: 82, CS01: 82, EFFECTIVE_DURATION: 54, YIELD: 44 };

export function riskColumns({ measures, scenario, currency, isOwn, rows, name }: Wanted): Column<RiskRow>[] {
  const widest = max(rows, (row) => Math.abs(row.change ?? 0)) ?? 0;
  const [first, ...rest] = measures.map((measure) => measureColumn(measure, currency, isOwn));
  return [{ ...NAME, label: name }, POSITIONS, ...(first ? [first] : []), ...(scenario === "BASE" ? [] : [deltaColumn(scenario, currency, widest), SHARE]), ...rest, LEFT];
}

const NAME: Column<RiskRow> = {
  id: "name",
  label: "Name",
  isLeft: true,
  isSortable: true,
  width: 206,
  cell: (row) =>
    row.kind === "POSITION" ? (
      <>
        <a class="mono" tabIndex={-1} href={link(`/positions/${encodeURIComponent(row.id)}`)}>
          {row.name}
        </a>{" "}
        <span class="muted">{row.hint}</span>
      </>
    ) : (
      <span title={row.title}>{row.name}</span>
    ),
  text: (row) => row.title,
};

const POSITIONS: Column<RiskRow> = {
  id: "positions",
  label: "Positions",
  width: 62,
  isSortable: true,
  cell: (row) => (row.positions === null ? "" : count(row.positions)),
  text: (row) => row.positions,
};

function measureColumn(measure: string, currency: string, isOwn: boolean): Column<RiskRow> {
  const how = writing(measure);
  return {
    id: measure,
    label: <span title={how.meaning}>{how.label}</span>,
    name: measure,
    unit: how.unit(currency),
    width: WIDTHS[measure] ?? 82,
    isSortable: true,
    cell: (row) => (isOwn && isMixed(row, measure, currency) ? <Gap blank={{ shown: NOTHING, isQuiet: true, why: `not all of it is in ${currency}` }} /> : <Num measure={measure} value={valueOf(row.figures, measure)} reason={reasonFor(row, measure)} />),
    text: (row) => valueOf(row.figures, measure),
  };
}

/** An amount of what is in several currencies, or in another one. */
function isMixed({ figures }: RiskRow, measure: string, currency: string): boolean {
  return figures.currency !== currency && `${measure.toLowerCase()}_base` in figures;
}

/** A node says `DV01:NOT_APPLICABLE=6`, a position `DV01:NOT_APPLICABLE`. */
function reasonFor(row: RiskRow, measure: string): string | undefined {
  return reasonsOf(row.reasons).get(measure)?.split("=")[0];
}

function deltaColumn(scenario: string, currency: string, widest: number): Column<RiskRow> {
  return {
    id: "delta",
    label: scenario,
    unit: `gain or loss, ${currency} m`,
    name: `${scenario} gain or loss`,
    width: 132,
    isSortable: true,
    cell: (row) => (row.change === null ? <Gap blank={{ shown: NOTHING, isQuiet: true, why: "no value under this scenario" }} /> : <Delta value={row.change} widest={row.kind === "TOTAL" ? 0 : widest} scale={1e6} digits={1} />),
    text: (row) => row.change,
  };
}

const SHARE: Column<RiskRow> = {
  id: "share",
  label: "Change",
  unit: "% of PV",
  width: 58,
  isSortable: true,
  class: () => "q",
  cell: (row) => {
    const share = shareOf(row);
    return share === null ? <Gap blank={TOO_CLOSE} /> : <span title={exact(share)}>{change(share * 100, 1)}</span>;
  },
  text: (row) => shareOf(row),
};

const LEFT: Column<RiskRow> = {
  id: "left",
  label: "Left out",
  width: 52,
  isSortable: true,
  cell: (row) => {
    if (row.left === null) return "";
    if (!row.left) return <span class="na">0</span>;
    return (
      <span class="left" title={row.reasons.replaceAll(";", "\n")}>
        {count(row.left)}
      </span>
    );
  },
  text: (row) => row.left,
};
