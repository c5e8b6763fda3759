/** What could happen: the catalogue, a builder with what it does to the market drawn at once, and scenarios compared. */
import { least } from "d3-array";
import { useLayoutEffect, useMemo, useState } from "preact/hooks";
import { forget, useAsk } from "../../api/asking";
import { command, question } from "../../api/client";
import { noAnswer, Problem } from "../../api/problem";
import type { ScenarioChange } from "../../api/shapes";
import type { MarketDocument, ScenarioSet, ScenarioVersion, Shock } from "../../api/working";
import { Bars } from "../../charts/Bars";
import { ChartPanel } from "../../charts/Twin";
import { Spark } from "../../charts/Curves";
import { Delta, Gap } from "../../parts/Cells";
import type { Column } from "../../parts/columns";
import { Icon } from "../../parts/Icon";
import { Answered, Empty, Panel, ProblemNote } from "../../parts/Panel";
import { NOT_THERE } from "../../numbers/blanks";
import { change, counted, exact, short } from "../../numbers/format";
import { choose, query, set } from "../../place";
import { bare, isPast, run, scenario } from "../../state/book";
import { may } from "../../state/session";
import { screenCommands } from "../../shell/commands";
import { tell } from "../../shell/announce";
import { Builder } from "../../shocks/Builder";
import { kindsInWords, wrongId, wrongOf } from "../../shocks/kinds";
import { matchedInWords, PreviewCurves, PreviewRows } from "../../shocks/Preview";
import { preview, shapeOf } from "../../shocks/preview";
import { CheckBox } from "../runs/CheckBox";

const SCENARIOS = question<ScenarioVersion[], "/api/v1/scenario/scenarios">("/api/v1/scenario/scenarios", { query: { documents: true, limit: 1000 } });
const SETS = question<ScenarioSet[], "/api/v1/scenario/sets">("/api/v1/scenario/sets", { query: { limit: 200 } });
const MARKET = "/api/v1/marketdata/markets/{snapshot_id}";
const CHANGES = "/api/v1/risk/runs/{run_id}/scenarios";
const SHAPE_YR = [0.25, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30];
const NEW = "new";
const MOST_COMPARED = 12;
const TABS = ["catalogue", "sets"] as const;

export default function Scenarios() {
  const scenarios = useAsk(SCENARIOS);
  const sets = useAsk(SETS);
  const shown = run.value;
  const market = useAsk<MarketDocument>(shown ? question<MarketDocument, typeof MARKET>(MARKET, { path: { snapshot_id: shown.market_snapshot_id } }) : null);
  const totals = useAsk<ScenarioChange[]>(shown?.queryable ? question<ScenarioChange[], typeof CHANGES>(CHANGES, { path: { run_id: shown.run_id }, query: { by: "total" } }) : null);
  const tab = query.value.tab === "sets" ? "sets" : "catalogue";
  const chosen = (query.value.checked ?? "").split(",").filter(Boolean);
  const rows = (scenarios.data ?? []).filter((one) => one.scenario_id !== "BASE");
  const changes = new Map((totals.data ?? []).map((one) => [bare(one.scenario_id), one.pv_change_base]));
  const open = query.value.open ?? firstOf(rows, changes);
  const editing = rows.find((one) => one.scenario_id === open);
  const compared = (chosen.length ? chosen : worst(rows, changes)).slice(0, MOST_COMPARED);
  useLayoutEffect(() => {
    screenCommands.value = [{ name: "New scenario", icon: "plus", key: "n", run: () => choose({ open: NEW }) }];
    return () => {
      screenCommands.value = [];
    };
  }, []);
  return (
    <>
      <div class="head">
        <h1>Scenarios</h1>
        <span class="seg" role="group" aria-label="What to look at">
          {TABS.map((one) => (
            <button key={one} type="button" aria-pressed={tab === one} onClick={() => set({ tab: one === "catalogue" ? null : one })}>
              {one === "sets" ? "Sets" : "Catalogue"}
            </button>
          ))}
        </span>
        <span class="grow" />
        {may("scenario_define_set") && chosen.length > 0 && <MakeSet members={chosen} rows={rows} />}
        {may("scenario_define_scenarios") && (
          <button type="button" class="btn pri" aria-keyshortcuts="n" onClick={() => choose({ open: NEW })}>
            <Icon name="plus" small />
            New scenario
          </button>
        )}
      </div>
      <div class="cols scenarios">
        {tab === "sets" ? (
          <Panel title="Sets" unit={counted(sets.data?.length ?? 0, "set")}>
            <Answered asked={sets} what="the sets" empty={(all) => !all.length && <Empty title="There is no set yet.">Tick scenarios of the catalogue, then make a set of them: a run can be asked for with its name.</Empty>}>
              {(all) => <SetRows sets={all} />}
            </Answered>
          </Panel>
        ) : (
          <Panel title="Catalogue" unit={`${rows.length} and BASE${totals.data ? ` · last result, ${shown!.base_currency} m` : ""}`}>
            <Answered asked={scenarios} what="the catalogue" empty={() => !rows.length && <Empty title="There is only BASE.">A scenario says what happens to rates, spreads, currencies, volatilities and speeds.</Empty>}>
              {() => <Catalogue rows={rows} chosen={chosen} open={open} changes={changes} asOf={market.data?.as_of ?? "2026-01-01"} currency={shown?.base_currency ?? ""} />}
            </Answered>
          </Panel>
        )}
        <Editor key={editing ? `${editing.scenario_id}@${editing.version}` : NEW} shown={editing} rows={rows} market={market.data} isUsed={Boolean(shown?.scenarios.some((one) => bare(one) === open))} />
      </div>
      {shown?.queryable && <Compared names={compared} currency={shown.base_currency} runId={shown.run_id} totals={changes} />}
    </>
  );
}

/** The scenario on the screen; else the one that loses most. */
function firstOf(rows: ScenarioVersion[], changes: Map<string, number | null>): string | null {
  const shown = rows.find((one) => one.scenario_id === bare(scenario.value));
  return shown?.scenario_id ?? worst(rows, changes)[0] ?? rows[0]?.scenario_id ?? null;
}

function worst(rows: ScenarioVersion[], changes: Map<string, number | null>): string[] {
  const held = rows.filter((one) => typeof changes.get(one.scenario_id) === "number");
  return held.sort((a, b) => changes.get(a.scenario_id)! - changes.get(b.scenario_id)!).slice(0, 6).map((one) => one.scenario_id);
}

// --- catalogue and sets -----------------------------------------------------------------------------------------------

interface CatalogueProps {
  rows: ScenarioVersion[];
  chosen: string[];
  open: string | null;
  changes: Map<string, number | null>;
  asOf: string;
  currency: string;
}

function Catalogue({ rows, chosen, open, changes, asOf, currency }: CatalogueProps) {
  const sorted = [...rows].sort((a, b) => (changes.get(a.scenario_id) ?? Infinity) - (changes.get(b.scenario_id) ?? Infinity) || a.scenario_id.localeCompare(b.scenario_id));
  const widest = Math.max(0, ...[...changes.values()].map((one) => Math.abs(one ?? 0)));
  const turn = (id: string) => set({ checked: (chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]).join(",") || null });
  return (
    <div class="pgrid">
      <table class="grid ct" aria-label="Scenario catalogue">
        <thead class="vh">
          <tr>
            <th scope="col">Compare, or put in a set</th>
            <th scope="col">Scenario</th>
            <th scope="col">Kinds</th>
            <th scope="col">Shape</th>
            <th scope="col">Change of PV, {currency} m</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((one) => {
            const shape = shapeOf(one.document?.shocks ?? [], asOf, SHAPE_YR);
            const kinds = kindsInWords(one.document?.shocks ?? [], 1);
            const moved = changes.get(one.scenario_id);
            return (
              <tr key={one.scenario_id} aria-selected={one.scenario_id === open} onClick={() => set({ open: one.scenario_id })}>
                <td class="tickcell" onClick={(event) => event.stopPropagation()}>
                  <CheckBox checked={chosen.includes(one.scenario_id)} label={`Choose ${one.scenario_id}@${one.version}`} onChange={() => turn(one.scenario_id)} />
                </td>
                <th scope="row" class="l">
                  <button type="button" class="named" onClick={() => set({ open: one.scenario_id })}>
                    <b>
                      {one.scenario_id}@{one.version}
                    </b>
                    <br />
                    <span class="muted">{one.name !== one.scenario_id ? one.name : "no name"}</span>
                  </button>
                </th>
                <td class="l kd">{kinds}</td>
                <td class="shape">{shape && <Spark values={shape} title={`${kinds}, basis points by tenor`} width={56} />}</td>
                <td>{typeof moved === "number" ? <Delta value={moved} widest={widest} scale={1e6} digits={1} /> : <Gap blank={{ ...NOT_THERE, why: "not in the run that is shown" }} />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function SetRows({ sets }: { sets: ScenarioSet[] }) {
  return (
    <div class="pgrid">
      <table class="grid ct" aria-label="Sets of scenarios">
        <thead class="vh">
          <tr>
            <th scope="col">Set</th>
            <th scope="col">Scenarios</th>
          </tr>
        </thead>
        <tbody>
          {sets.map((one) => (
            <tr key={one.scenario_set_id}>
              <th scope="row" class="l">
                <b>
                  @{one.scenario_set_id}@{one.version}
                </b>
                <br />
                <span class="muted">{counted(one.scenarios.length, "scenario")}</span>
              </th>
              <td class="l members" title={one.scenarios.join(", ")}>
                <button type="button" class="text" onClick={() => set({ tab: null, checked: one.scenarios.map(bare).join(",") })}>
                  Look at them
                </button>{" "}
                <span class="muted">{one.scenarios.join(", ")}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MakeSet({ members, rows }: { members: string[]; rows: ScenarioVersion[] }) {
  const [name, setName] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const pinned = members.flatMap((id) => rows.filter((one) => one.scenario_id === id).map((one) => `${id}@${one.version}`));
  const send = async (event: Event) => {
    event.preventDefault();
    const wrong = wrongId(name ?? "");
    if (wrong) return setProblem(wrong);
    try {
      const made = await command<{ version: number }, "/api/v1/scenario/sets">("/api/v1/scenario/sets", { body: { scenario_set_id: name, scenarios: pinned }, key: crypto.randomUUID() });
      tell(`@${name}@${made.version} holds ${counted(pinned.length, "scenario")}`);
      forget("scenario/sets");
      setName(null);
      set({ tab: "sets", checked: null });
    } catch (error) {
      setProblem((error instanceof Problem ? error : noAnswer()).message);
    }
  };
  if (name === null) {
    return (
      <button type="button" class="btn" disabled={isPast.value} onClick={() => setName("")}>
        Make a set of {members.length}
      </button>
    );
  }
  return (
    <form class="setform" onSubmit={send}>
      <label class={`inp${problem ? " er" : ""}`}>
        <span class="muted">@</span>
        <input aria-label="Name of the set" aria-invalid={problem ? true : undefined} value={name} spellcheck={false} onInput={(event) => { setName(event.currentTarget.value); setProblem(undefined); }} />
      </label>
      <button class="btn">Make it</button>
      {problem && <span class="wrong" role="alert">{problem}</span>}
    </form>
  );
}

// --- builder ----------------------------------------------------------------------------------------------------------

interface EditorProps {
  shown: ScenarioVersion | undefined;
  rows: ScenarioVersion[];
  market: MarketDocument | undefined;
  isUsed: boolean;
}

const EMPTY_SEEN = { curves: [], matched: 0, others: [], errors: new Map<number, string>() };

function Editor({ shown, rows, market, isUsed }: EditorProps) {
  const [id, setId] = useState(shown?.scenario_id ?? "");
  const [name, setName] = useState(shown?.name ?? "");
  const [shocks, setShocks] = useState<Shock[]>(shown?.document?.shocks ?? [{ kind: "PARALLEL", curves: "*", bp: 100 }]);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isSending, setSending] = useState(false);
  const [isTried, setTried] = useState(false);
  const seen = useMemo(() => (market ? preview(market, shocks) : EMPTY_SEEN), [market, shocks]);
  const known = rows.find((one) => one.scenario_id === id);
  const isChanged = !shown || name !== shown.name || JSON.stringify(shocks) !== JSON.stringify(shown.document?.shocks ?? []);
  const wrong = wrongId(id) ?? (shocks.length ? (shocks.map(wrongOf).find(Boolean) ?? seen.errors.values().next().value ?? null) : "It has no shock yet: add one.");
  const save = async () => {
    setTried(true);
    if (wrong) return document.getElementById("scenario-id")?.focus();
    setSending(true);
    setProblem(undefined);
    try {
      const made = await command<{ scenario_id: string; version: number }, "/api/v1/scenario/scenarios">("/api/v1/scenario/scenarios", { body: { scenario_id: id, name, shocks }, key: crypto.randomUUID() });
      tell(`${made.scenario_id}@${made.version} is defined`);
      forget("scenario/");
      set({ open: made.scenario_id });
    } catch (error) {
      setProblem(error instanceof Problem ? error : noAnswer());
    } finally {
      setSending(false);
    }
  };
  const canSave = may("scenario_define_scenarios") && !isPast.value;
  const tools = canSave && (
    <button type="button" class="btn sm" disabled={isSending || !isChanged} title={isChanged ? undefined : "nothing has been changed yet"} onClick={() => void save()}>
      Save as @{(known?.version ?? 0) + 1}
    </button>
  );
  const unit = shown ? `${shown.name !== shown.scenario_id ? shown.name : ""}${isUsed ? " · in the run that is shown, so a change makes the next version" : ""}` : "a new one";
  return (
    <Panel title={shown ? `${shown.scenario_id}@${shown.version}` : "New scenario"} unit={unit} tools={tools} class="editor">
      <div class="body">
        <div class="row2">
          <label class={`inp${isTried && wrongId(id) ? " er" : ""}`}>
            <span class="muted">id</span>
            <input id="scenario-id" class="mono" aria-label="Id of the scenario" spellcheck={false} value={id} disabled={Boolean(shown)} onInput={(event) => setId(event.currentTarget.value)} />
          </label>
          <label class="inp">
            <span class="muted">name</span>
            <input aria-label="Name of the scenario" value={name} maxLength={256} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
        </div>
        {isTried && wrong && (
          <p class="wrong" role="alert">
            {wrong}
          </p>
        )}
        <Builder shocks={shocks} errors={seen.errors} onChange={setShocks} disabled={!canSave} />
      </div>
      {problem && <ProblemNote problem={problem} />}
      <div class="prev" role="group" aria-label="What it does to the market">
        <p class="hint spread">
          <span>
            <b>Preview</b> worked out here, zero rates in %; a run decides
          </span>
          <span>dashed before, solid after · {matchedInWords(seen, 3)}</span>
        </p>
        <div class="three">
          <PreviewCurves seen={seen} most={3} />
        </div>
        <PreviewRows seen={seen} />
      </div>
    </Panel>
  );
}

// --- compare ----------------------------------------------------------------------------------------------------------

interface ComparedProps {
  names: string[];
  currency: string;
  runId: string;
  totals: Map<string, number | null>;
}

function Compared({ names, currency, runId, totals }: ComparedProps) {
  const asked = useAsk<ScenarioChange[]>(question<ScenarioChange[], typeof CHANGES>(CHANGES, { path: { run_id: runId }, query: { by: "desk" } }));
  const rows = (asked.data ?? []).filter((one) => names.includes(bare(one.scenario_id)) && typeof one.pv_change_base === "number");
  const values = rows.map((one) => one.pv_change_base ?? 0);
  const within: [number, number] = [Math.min(0, ...values), Math.max(0, ...values)];
  const columns: Column<ScenarioChange>[] = [
    { id: "desk", label: "Desk", isLeft: true, cell: (row) => deskInWords(String(row.desk)), text: (row) => String(row.desk) },
    { id: "scenario", label: "Scenario", isLeft: true, cell: (row) => row.scenario_id, text: (row) => row.scenario_id },
    { id: "change", label: "Change of PV", unit: `${currency} m`, cell: (row) => <span class={(row.pv_change_base ?? 0) < 0 ? "neg" : undefined} title={exact(row.pv_change_base ?? 0)}>{change((row.pv_change_base ?? 0) / 1e6, 1)}</span>, text: (row) => row.pv_change_base },
  ];
  const desks = [...new Set(rows.map((one) => String(one.desk)))];
  const shown = names.filter((name) => rows.some((one) => bare(one.scenario_id) === name)).slice(0, 6);
  return (
    <div class="under3">
      <ChartPanel
        title="By desk"
        unit={`gain or loss against BASE, ${currency} m · one scale for all · run ${short(runId)}`}
        columns={columns}
        rows={rows}
        keyOf={(row, n) => `${row.scenario_id} ${n}`}
        file={`scenarios-${runId}`}
        caption={`gain or loss against BASE of run ${runId}`}
        instead={asked.problem ? <ProblemNote problem={asked.problem} again={asked.again} /> : asked.data && !shown.length ? <div class="body"><Empty title="None of these is in the run that is shown.">Run them, or choose another run above.</Empty></div> : undefined}
      >
        <div class="multiples">
          {shown.map((name, n) => (
            <Small key={name} name={name} total={totals.get(name) ?? null} desks={desks} rows={rows.filter((one) => bare(one.scenario_id) === name)} within={within} isFirst={n === 0} />
          ))}
        </div>
      </ChartPanel>
    </div>
  );
}

interface SmallProps {
  name: string;
  total: number | null;
  desks: string[];
  rows: ScenarioChange[];
  within: [number, number];
  /** The first of a row names the desks for all of them. */
  isFirst: boolean;
}

const NAMES = 92;
const WIDTH = 176;

function Small({ name, total, desks, rows, within, isFirst }: SmallProps) {
  const moved = new Map(rows.map((one) => [String(one.desk), one.pv_change_base ?? 0]));
  const worst = least(desks, (desk) => moved.get(desk) ?? 0);
  return (
    <figure class={isFirst ? "named" : undefined}>
      <figcaption>
        <b>{name}</b> {total !== null && <span class={total < 0 ? "neg" : undefined}>{change(total / 1e6, 1)}</span>}
      </figcaption>
      <Bars
        finding={`${name}: ${worst ? `${deskInWords(worst)} loses most, ${change((moved.get(worst) ?? 0) / 1e6, 1)} m` : "no desk"}`}
        width={isFirst ? WIDTH + NAMES : WIDTH}
        names={isFirst ? NAMES : 0}
        within={within}
        bars={desks.map((desk) => ({ key: desk, name: isFirst ? deskInWords(desk) : "", title: deskInWords(desk), value: moved.get(desk) ?? 0, shown: change((moved.get(desk) ?? 0) / 1e6, 1) }))}
      />
    </figure>
  );
}

/** `CEDAR.LENDING` as `Cedar Lending`. */
function deskInWords(id: string): string {
  return id
    .split(/[._\s]+/)
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join(" ");
}
