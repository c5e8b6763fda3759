/** Columns, and the table as a file made by the server. */
import { addressOf } from "../../api/client";
import type { RunDocument } from "../../api/shapes";
import { Icon } from "../../parts/Icon";
import { Listbox } from "../../parts/Listbox";
import { writing, MEASURES } from "../../numbers/measures";
import { set } from "../../place";
import { tell } from "../../shell/announce";
import { WANTED } from "./questions";

interface ToolsProps {
  run: RunDocument;
  measures: string[];
  node: string | null;
  scenario: string;
}

const FORMATS: [format: string, name: string][] = [
  ["csv", "CSV"],
  ["xlsx", "Excel"],
  ["parquet", "Parquet"],
  ["arrow", "Arrow"],
];

export function Tools({ run, measures, node, scenario }: ToolsProps) {
  const held = run.measures.filter((one) => one in MEASURES && one !== "PV");
  const turn = (measure: string) => {
    const next = measures.includes(measure) ? measures.filter((one) => one !== measure) : [...measures, measure];
    const chosen = next.filter((one) => one !== "PV");
    set({ cols: chosen.join(",") === WANTED.slice(1).join(",") ? null : chosen.join(",").toLowerCase() });
  };
  const download = (format: string) => {
    const address = addressOf("/api/v1/results/runs/{run_id}/positions", { run_id: run.run_id }, { node: node ?? undefined, scenario: scenario === "BASE" ? undefined : scenario, format });
    const anchor = document.createElement("a");
    anchor.href = address;
    anchor.download = "";
    anchor.click();
    tell(`Every position${node ? ` of ${node}` : ""} under ${scenario} is on its way as ${format}`);
  };
  return (
    <>
      <Listbox
        label="Columns"
        class="btn"
        right
        several
        chosen={measures}
        value={null}
        choices={held.map((one) => ({ value: one, label: writing(one).label, text: `${one} ${writing(one).label} ${writing(one).meaning}`, hint: writing(one).meaning }))}
        onChoose={turn}
        button={
          <>
            <Icon name="columns" small />
            Columns · {measures.length + 4}
          </>
        }
      />
      <Listbox
        label="Export"
        class="btn"
        right
        value={null}
        choices={FORMATS.map(([format, name]) => ({ value: format, label: name, hint: `every position${node ? ` of ${node}` : ""}` }))}
        onChoose={download}
        button={
          <>
            <Icon name="export" small />
            Export
            <Icon name="down" small />
          </>
        }
      />
    </>
  );
}
