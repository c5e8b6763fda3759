/** What binds, and by which paragraph? */
import { least, sum } from "d3-array";
import { useAsk } from "../../api/asking";
import { addressOf } from "../../api/client";
import { exact, day, level, percent } from "../../numbers/format";
import { Chip } from "../../parts/Cells";
import { ExportMenu } from "../../parts/ExportMenu";
import { Figures, type Figure } from "../../parts/Figures";
import { Icon } from "../../parts/Icon";
import { Listbox } from "../../parts/Listbox";
import { choose, place } from "../../place";
import type { RunDocument, RunLine } from "../../api/shapes";
import { against, bare, run as shownRun, runs, scenario as shownScenario } from "../../state/book";
import { Allowance, type Sides } from "./Allowance";
import { Behind } from "./Behind";
import { Rates } from "./Rates";
import { Stress } from "./Stress";
import { Weights } from "./Weights";
import { askCapital, askMacro, askPath, askRoll, askShocks, type CapitalRow, type MacroRow, type PathRow, type ShockRow } from "./questions";

const GROUPS: Record<string, string> = { asset_class: "class", sector: "sector", country: "country", currency: "currency", rating: "rating" };

export default function Capital() {
  const run = shownRun.value!;
  const query = place.value.query;
  const by = query.by && query.by in GROUPS ? query.by : "asset_class";
  const capital = useAsk(askCapital(run.run_id, by));
  const shocks = useAsk(askShocks(run.run_id));
  const path = useAsk(askPath(run.run_id, null));
  const macro = useAsk(askMacro(run.run_id));
  const sides = sidesOf(run, against.value, runs.value?.rows ?? []);
  const roll = useAsk(sides ? askRoll(sides.from.run_id, sides.to.run_id) : null);
  const stressed = stressOf(path.data ?? [], macro.data ?? [], shownScenario.value);
  return (
    <>
      <div class="head">
        <h1>Capital and allowance</h1>
        <span class="path">All funds</span>
        <span class="grow" />
        {run.rules.length > 0 && <Chip>Rules in force on {day(run.as_of)}</Chip>}
        <Listbox label="Group" class="btn" right value={by} choices={Object.entries(GROUPS).map(([value, name]) => ({ value, label: name }))} onChoose={(one) => choose({ by: one === "asset_class" ? null : one })} button={<>Group: {GROUPS[by]}<Icon name="down" small /></>} />
        <ExportMenu what="every exposure with its weights" address={addressOf("/api/v1/regulatory/runs/{run_id}/{report}", { run_id: run.run_id, report: "exposures" })} />
      </div>
      {capital.data && <Figures figures={figuresOf(capital.data, shocks.data ?? [], stressed, run.base_currency)} />}
      <div class="cols capgrid">
        <Weights asked={capital} by={by} run={run} />
        <Allowance asked={roll} capital={capital.data} run={run} sides={sides} />
        <Stress asked={path} macro={macro.data ?? []} rows={stressed} currency={run.base_currency} />
        <Rates asked={shocks} currency={run.base_currency} />
      </div>
      <Behind run={run} by={by} />
    </>
  );
}

/** The earlier run first, whichever of the two is shown. */
function sidesOf(run: RunDocument, other: string | null, rows: RunLine[]): Sides | null {
  const line = rows.find((one) => other && one.run_id.startsWith(other));
  if (!line) return null;
  return line.as_of > run.as_of ? { from: run, to: line } : { from: line, to: run };
}

/** The path of the scenario that is chosen; else, of those whose quarters are told, that of the lowest ratio. */
function stressOf(rows: PathRow[], macro: MacroRow[], scenario: string): PathRow[] {
  const chosen = rows.filter((row) => row.scenario === scenario || row.scenario === bare(scenario));
  if (scenario !== "BASE" && chosen.length) return chosen;
  const told = rows.filter((row) => macro.some((one) => one.scenario === row.scenario));
  const worst = least(told.length ? told : rows, (row) => row.cet1_ratio)?.scenario;
  return rows.filter((row) => row.scenario === worst);
}

function figuresOf(rows: CapitalRow[], shocks: ShockRow[], path: PathRow[], currency: string): (Figure | null)[] {
  const unit = `${currency} m`;
  const added = (key: "rwa_us_sa" | "rwa_sa" | "rwa_irb" | "allowance") => (rows.some((row) => row[key] !== null) ? sum(rows, (row) => row[key] ?? 0) : null);
  const one = (label: string, value: number | null, context: string): Figure | null => (value === null ? null : { label, value: level(value / 1e6, 1), unit, title: exact(value), context });
  const eve = least(shocks.filter((row) => row.currency === "TOTAL" && row.delta_eve !== null), (row) => row.delta_eve!);
  const lowest = least(path, (row) => row.cet1_ratio);
  const ead = sum(rows, (row) => row.ead ?? 0);
  const of = (value: number | null) => (value === null || !ead ? "" : `${percent(value / ead, 0)} of EAD`);
  return [
    one("RWA, US standardised", added("rwa_us_sa"), of(added("rwa_us_sa"))),
    one("RWA, Basel standardised", added("rwa_sa"), of(added("rwa_sa"))),
    one("RWA, Basel IRB", added("rwa_irb"), `before a floor of ${percent(rows[0]?.output_floor ?? 0, 1)}`),
    one("Allowance", added("allowance"), ead && added("allowance") !== null ? `${percent(added("allowance")! / ead, 2)} of EAD` : ""),
    lowest ? { label: "Lowest CET1 ratio", value: level(lowest.cet1_ratio * 100, 1), unit: "%", title: exact(lowest.cet1_ratio), context: `${lowest.scenario}, quarter ${lowest.quarter}` } : null,
    eve
      ? {
          label: "Worst EVE shock",
          value: <span class={eve.delta_eve! < 0 ? "neg" : undefined}>{level(eve.delta_eve! / 1e6, 1)}</span>,
          unit,
          title: exact(eve.delta_eve!),
          context: eve.eve_loss_share_tier1 === null ? eve.shock.toLowerCase().replaceAll("_", " ") : <span class={eve.outlier ? "left" : undefined}>{percent(eve.eve_loss_share_tier1, 1)} of Tier 1{eve.outlier ? ": outlier" : ""}</span>,
        }
      : null,
  ];
}
