/** Filter, groups, columns, and the table as a file made by the server. */
import { useState } from "preact/hooks";
import { useAsk } from "../../api/asking";
import { addressOf } from "../../api/client";
import type { RunDocument } from "../../api/shapes";
import { ExportMenu } from "../../parts/ExportMenu";
import { Icon } from "../../parts/Icon";
import { Listbox, type Choice } from "../../parts/Listbox";
import { writing, MEASURES } from "../../numbers/measures";
import { choose, set } from "../../place";
import { conditionsOf } from "./grouping";
import { askGroupings, WANTED } from "./questions";

interface ToolsProps {
  run: RunDocument;
  measures: string[];
  node: string | null;
  by: string;
  where: string | null;
  scenario: string;
}

/** Of the tree itself, or of everything: no groups of their own. */
const NO_GROUPS = ["node", "total"];

export function Tools({ run, measures, node, by, where, scenario }: ToolsProps) {
  const [sheet, setSheet] = useState<"filter" | "group" | null>(null);
  const [sheets, setSheets] = useState<typeof import("./Filter") | null>(null);
  const open = (which: "filter" | "group") => {
    setSheet(which);
    if (!sheets) void import("./Filter").then((loaded) => setSheets(loaded));
  };
  const conditions = where ? conditionsOf(where).length : 0;
  const held = run.measures.filter((one) => one in MEASURES && one !== "PV");
  const turn = (measure: string) => {
    const next = measures.includes(measure) ? measures.filter((one) => one !== measure) : [...measures, measure];
    const chosen = next.filter((one) => one !== "PV");
    set({ cols: chosen.join(",") === WANTED.slice(1).join(",") ? null : chosen.length ? chosen.join(",").toLowerCase() : "-" });
  };
  const narrowed = { scenario: scenario === "BASE" ? undefined : scenario, where: where ?? undefined };
  const address =
    by === "tree"
      ? addressOf("/api/v1/results/runs/{run_id}/positions", { run_id: run.run_id }, { node: node ?? undefined, ...narrowed })
      : addressOf("/api/v1/results/runs/{run_id}/totals", { run_id: run.run_id }, { by, ...narrowed });
  const what = by === "tree" ? `every position${node ? ` of ${node}` : ""}${where ? " that fits" : ""}` : `totals by ${by}`;
  return (
    <>
      <button type="button" class="btn" aria-haspopup="dialog" onClick={() => open("filter")}>
        <Icon name="filter" small />
        Filter{conditions ? ` · ${conditions}` : ""}
      </button>
      <Groups run={run.run_id} by={by} onSeveral={() => open("group")} />
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
            Columns · {measures.length + (scenario === "BASE" ? 3 : 5)}
          </>
        }
      />
      <ExportMenu what={what} address={address} />
      {sheets && sheet === "filter" && <sheets.FilterSheet run={run.run_id} where={where} columns={run.columns} onClose={() => setSheet(null)} />}
      {sheets && sheet === "group" && <sheets.GroupSheet run={run.run_id} by={by} onClose={() => setSheet(null)} />}
    </>
  );
}

const SEVERAL = "…";

/** Asked when the list is first opened: a screen that is only looked at does not need it. */
function Groups({ run, by, onSeveral }: { run: string; by: string; onSeveral(): void }) {
  const [isWanted, setWanted] = useState(false);
  const known = useAsk(isWanted ? askGroupings(run) : null);
  const names = (known.data ?? []).filter((one) => !NO_GROUPS.includes(one));
  const choices: Choice[] = [
    { value: "tree", label: "tree", hint: "fund, desk, book" },
    { value: SEVERAL, label: "several, or bands of numbers" },
    ...(by !== "tree" && !names.includes(by) ? [{ value: by, label: by }] : []),
    ...names.map((one) => ({ value: one, label: one })),
  ];
  const take = (one: string) => (one === SEVERAL ? onSeveral() : choose({ by: one === "tree" ? null : one, open: null, group: null, sort: null }));
  return (
    <Listbox
      label="Group by"
      class="btn"
      right
      isSearched
      value={by}
      choices={choices}
      onOpen={() => setWanted(true)}
      onChoose={take}
      button={
        <>
          Group: {by}
          <Icon name="down" small />
        </>
      }
    />
  );
}
