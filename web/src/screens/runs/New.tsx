/** A new run: what to value, under which scenarios, for which measures; and the same, typed. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { answerTo, forget, useAsk } from "../../api/asking";
import { command, pageOf, question } from "../../api/client";
import { noAnswer, Problem } from "../../api/problem";
import type { Snapshot } from "../../api/shapes";
import type { Check, MarketDocument, MarketLine, ScenarioSet, ScenarioVersion } from "../../api/working";
import { Spark } from "../../charts/Curves";
import { Icon } from "../../parts/Icon";
import { Listbox } from "../../parts/Listbox";
import { Answered, Panel, ProblemNote, sentence } from "../../parts/Panel";
import { count, counted, day, duration, short } from "../../numbers/format";
import { go, link, query, set } from "../../place";
import { hasFigures, isPast, learnRuns, run, runs } from "../../state/book";
import { may } from "../../state/session";
import { copyText, tell } from "../../shell/announce";
import { kindsInWords, wrongId, wrongOf } from "../../shocks/kinds";
import { preview, shapeOf } from "../../shocks/preview";
import { CheckBox } from "./CheckBox";
import { expectedSeconds } from "./expected";
import { ALL, GROUPS, presetOf, PRESETS } from "./measures";
import { Own, type OwnScenario } from "./Own";
import { bodyOf, curl, python, shell, type Wish } from "./typed";

const PORTFOLIOS = pageOf<Snapshot, "/api/v1/portfolio/snapshots">("/api/v1/portfolio/snapshots", { query: { limit: 200 } });
const MARKETS = pageOf<MarketLine, "/api/v1/marketdata/markets">("/api/v1/marketdata/markets", { query: { limit: 200 } });
const SCENARIOS = question<ScenarioVersion[], "/api/v1/scenario/scenarios">("/api/v1/scenario/scenarios", { query: { documents: true, limit: 1000 } });
const SETS = question<ScenarioSet[], "/api/v1/scenario/sets">("/api/v1/scenario/sets", { query: { limit: 200 } });
const MARKET = "/api/v1/marketdata/markets/{snapshot_id}";
const FIRST_OWN: OwnScenario = { isOn: false, id: "five_up", shocks: [{ kind: "KEY_RATE", curves: "*", tenor_yr: 5, bp: 50 }] };
const SHAPE_YR = [0.25, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30];

export default function NewRun() {
  const portfolios = useAsk(PORTFOLIOS);
  const markets = useAsk(MARKETS);
  const scenarios = useAsk(SCENARIOS);
  const sets = useAsk(SETS);
  const portfolio = chosenOf(portfolios.data?.rows, query.value.portfolio ?? run.value?.portfolio_snapshot_id);
  const market = chosenOf(markets.data?.rows, query.value.market ?? run.value?.market_snapshot_id);
  const document = useAsk<MarketDocument>(market ? question<MarketDocument, typeof MARKET>(MARKET, { path: { snapshot_id: market.snapshot_id } }) : null);
  const chosen = words(query.value.scenarios);
  const measures = query.value.measures === undefined ? PRESETS[1]![1] : query.value.measures === "all" ? ALL : words(query.value.measures).map((one) => one.toUpperCase());
  const [own, setOwn] = useState<OwnScenario>(FIRST_OWN);
  const [isApproved, setApproved] = useState(false);
  const catalogue = (scenarios.data ?? []).filter((one) => one.scenario_id !== "BASE");
  const versions = catalogue.find((one) => one.scenario_id === own.id)?.version ?? 0;
  const wish: Wish = {
    portfolio: portfolio?.snapshot_id ?? "",
    market: market?.snapshot_id ?? "",
    scenarios: chosen,
    measures: presetOf(measures) === "All" ? [] : measures,
    require_approved_models: isApproved,
  };
  const checked = useCheck(portfolio && market ? wish : null);
  const turnScenario = (name: string) => set({ scenarios: (chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]).join(",") || null });
  return (
    <>
      <div class="head">
        <div>
          <nav class="crumb" aria-label="Where this is">
            <a href={link("/runs")}>Runs</a>
          </nav>
          <h1>New run</h1>
        </div>
        <span class="grow" />
        {run.value && (
          <button type="button" class="btn ghost" onClick={startFromShown}>
            <Icon name="copy" small />
            Start from run {short(run.value.run_id)}
          </button>
        )}
      </div>
      <div class="cols newrun">
        <div class="stack">
          <Panel title="1 What to value" class="fixed">
            <div class="body picks">
              <Pick
                label="Portfolio"
                icon="file"
                rows={portfolios.data?.rows ?? []}
                value={portfolio?.snapshot_id ?? null}
                title={(one) => one.name || short(one.snapshot_id)}
                under={(one) => `${counted(one.row_counts.positions ?? 0, "position")} · snapshot ${short(one.snapshot_id)} · as of ${day(one.as_of)}`}
                onChoose={(id) => set({ portfolio: id })}
                empty="no portfolio has been brought yet"
              />
              <Pick
                label="Market"
                icon="curve"
                rows={markets.data?.rows ?? []}
                value={market?.snapshot_id ?? null}
                title={(one) => `Market of ${day(one.as_of)}`}
                under={(one) => `${counted(one.row_counts.curves ?? 0, "curve")} · ${one.base_currency} · ${short(one.snapshot_id)}`}
                onChoose={(id) => set({ market: id })}
                empty="no market has been loaded yet"
              />
            </div>
            <LeftOut checked={checked} />
          </Panel>
          <section class="panel fills" aria-label="Scenarios">
            <header>
              <h2>2 Scenarios</h2>
              <span class="u">
                {chosen.length + (own.isOn ? 1 : 0)} of {catalogue.length + 1} chosen · BASE always runs
              </span>
              <span class="grow" />
              <SetButtons sets={sets.data ?? []} catalogue={catalogue} chosen={chosen} />
            </header>
            <div class="catalogue">
              <div class="pgrid">
                <Answered asked={scenarios} what="the catalogue of scenarios">
                  {() => <Catalogue rows={catalogue} chosen={chosen} asOf={document.data?.as_of ?? "2026-01-01"} onTurn={turnScenario} />}
                </Answered>
              </div>
              <Own own={own} onChange={setOwn} market={document.data} versions={versions} error={undefined} />
            </div>
          </section>
          <Measures chosen={measures} />
        </div>
        <div class="stack">
          <ThisRun wish={wish} own={own} market={document.data} positions={portfolio?.row_counts.positions ?? 0} currency={market?.base_currency ?? ""} checked={checked.data} isApproved={isApproved} onApproved={setApproved} />
          <Typed wish={own.isOn ? { ...wish, scenarios: [...chosen, own.id] } : wish} />
        </div>
      </div>
    </>
  );
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(",").filter(Boolean);
}

function chosenOf<T extends { snapshot_id: string }>(rows: T[] | undefined, id: string | undefined): T | undefined {
  return rows?.find((one) => one.snapshot_id === id) ?? rows?.[0];
}

function startFromShown(): void {
  const from = run.value;
  if (!from) return;
  const scenarios = from.scenarios.filter((one) => one !== "BASE").join(",");
  set({ portfolio: from.portfolio_snapshot_id, market: from.market_snapshot_id, scenarios: scenarios || null, measures: presetOf(from.measures) === "All" ? "all" : from.measures.join(",").toLowerCase() });
  tell(`The form is filled in as run ${short(from.run_id)} was asked for`);
}

// --- 1 what to value -------------------------------------------------------------------------------------------------

interface PickProps<T> {
  label: string;
  icon: "file" | "curve";
  rows: T[];
  value: string | null;
  title(row: T): string;
  under(row: T): string;
  onChoose(id: string): void;
  empty: string;
}

function Pick<T extends { snapshot_id: string }>({ label, icon, rows, value, title, under, onChoose, empty }: PickProps<T>) {
  const row = rows.find((one) => one.snapshot_id === value);
  return (
    <Listbox
      label={label}
      class="pick"
      value={value}
      empty={empty}
      choices={rows.map((one) => ({ value: one.snapshot_id, label: title(one), hint: under(one), text: title(one) }))}
      onChoose={onChoose}
      button={
        <>
          <Icon name={icon} />
          <span>
            <b>{row ? title(row) : empty}</b>
            <br />
            <span class="muted">{row ? under(row) : label}</span>
          </span>
          <span class="grow" />
          <Icon name="down" small />
        </>
      }
    />
  );
}

const WAITS_MS = 500;

interface Checked {
  data: Check | undefined;
  problem: Problem | undefined;
  isWaiting: boolean;
}

/** What will be left out, asked when the form has been still for a moment. */
function useCheck(wish: Wish | null): Checked {
  const [state, setState] = useState<Checked>({ data: undefined, problem: undefined, isWaiting: false });
  const key = wish ? JSON.stringify(bodyOf(wish)) : "";
  useEffect(() => {
    if (!wish) return;
    let isOver = false;
    setState((before) => ({ ...before, isWaiting: true }));
    const timer = setTimeout(async () => {
      try {
        const data = await command<Check, "/api/v1/orchestrator/checks">("/api/v1/orchestrator/checks", { body: bodyOf(wish) });
        if (!isOver) setState({ data, problem: undefined, isWaiting: false });
      } catch (error) {
        if (!isOver) setState({ data: undefined, problem: error instanceof Problem ? error : noAnswer(), isWaiting: false });
      }
    }, WAITS_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [key]);
  return state;
}

function LeftOut({ checked }: { checked: Checked }) {
  const { data, problem, isWaiting } = checked;
  if (problem) return <ProblemNote problem={problem} />;
  if (!data) return isWaiting ? <p class="body hint">Looking at what will be left out…</p> : null;
  const what = data.failures.slice(0, 3).map((one) => `${counted(one.positions, "position")}: ${one.sentence}`);
  const more = [...data.coarse_curves, ...data.remarks].map((one) => `${sentence(one.sentence)} ${sentence(one.fix)}`);
  return (
    <div class={isWaiting ? "body changing" : "body"} aria-live="polite">
      {data.failed ? (
        <div class="note">
          <Icon name="warning" />
          <span>
            <b>{counted(data.failed, "position")} will be left out.</b> {what.join("; ")}
            {data.failures.length > 3 && `; and ${counted(data.failures.length - 3, "other reason")}`}
          </span>
        </div>
      ) : (
        <div class="note ok">
          <Icon name="tick" />
          <span>
            <b>Nothing will be left out</b> of {counted(data.positions, "position")}, as far as can be seen without pricing.
          </span>
        </div>
      )}
      {more.map((one) => (
        <p class="hint" key={one}>
          {one}
        </p>
      ))}
    </div>
  );
}

// --- 2 scenarios -----------------------------------------------------------------------------------------------------

function SetButtons({ sets, catalogue, chosen }: { sets: ScenarioSet[]; catalogue: ScenarioVersion[]; chosen: string[] }) {
  const all = catalogue.map(pinned);
  const known: [name: string, members: string[]][] = [["All", all], ...sets.map((one): [string, string[]] => [`@${one.scenario_set_id}`, one.scenarios]), ["None", []]];
  const same = (members: string[]) => members.length === chosen.length && members.every((one) => chosen.includes(one));
  return (
    <span class="seg sm" role="group" aria-label="Choose many at once">
      {known.slice(0, 5).map(([name, members]) => (
        <button key={name} type="button" aria-pressed={same(members)} onClick={() => set({ scenarios: members.join(",") || null })}>
          {name}
        </button>
      ))}
    </span>
  );
}

function pinned(one: ScenarioVersion): string {
  return `${one.scenario_id}@${one.version}`;
}

function Catalogue({ rows, chosen, asOf, onTurn }: { rows: ScenarioVersion[]; chosen: string[]; asOf: string; onTurn(name: string): void }) {
  return (
    <table class="grid picklist" aria-label="Scenario catalogue">
      <thead class="vh">
        <tr>
          <th scope="col">Run it</th>
          <th scope="col">Scenario</th>
          <th scope="col">Shape</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((one) => {
          const shape = shapeOf(one.document?.shocks ?? [], asOf, SHAPE_YR);
          const kinds = kindsInWords(one.document?.shocks ?? []);
          return (
            <tr key={one.scenario_id}>
              <td class="tickcell">
                <CheckBox checked={chosen.includes(pinned(one))} label={`Run ${pinned(one)}`} onChange={() => onTurn(pinned(one))} />
              </td>
              <th scope="row" class="l">
                <b>{pinned(one)}</b> <span class="muted">{one.name !== one.scenario_id ? one.name : ""}</span>
              </th>
              <td class="shape">{shape ? <Spark values={shape} title={`${kinds}, basis points by tenor`} /> : <span class="hint">{kinds}</span>}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

// --- 3 measures ------------------------------------------------------------------------------------------------------

const SHOWN_FIRST = 3;

function Measures({ chosen }: { chosen: string[] }) {
  const put = (next: string[]) => set({ measures: presetOf(next) === "All" ? "all" : presetOf(next) === "Risk" ? null : next.join(",").toLowerCase() });
  const preset = presetOf(chosen);
  const beyond = GROUPS.slice(SHOWN_FIRST).some(([, measures]) => measures.some((one) => chosen.includes(one)));
  const [isOpened, setAll] = useState(false);
  const isAll = isOpened || (beyond && preset !== "All");
  const tools = (
    <span class="seg sm" role="group" aria-label="Choose many at once">
      {PRESETS.map(([name, measures]) => (
        <button key={name} type="button" aria-pressed={preset === name} onClick={() => put(measures)}>
          {name === "All" ? `All ${ALL.length}` : name}
        </button>
      ))}
    </span>
  );
  return (
    <Panel title="3 Measures" unit={`${chosen.length} of ${ALL.length}`} tools={tools} class="fixed">
      <div class="body measures">
        {(isAll ? GROUPS : GROUPS.slice(0, SHOWN_FIRST)).map(([name, measures]) => (
          <fieldset key={name}>
            <legend class="hint">{name}</legend>
            {measures.map((one) => (
              <CheckBox key={one} checked={chosen.includes(one)} onChange={(isOn) => put(isOn ? ALL.filter((each) => each === one || chosen.includes(each)) : chosen.filter((each) => each !== one))}>
                <span class="mono">{one}</span>
              </CheckBox>
            ))}
          </fieldset>
        ))}
      </div>
      {!isAll && (
        <p class="body">
          <button type="button" class="text" onClick={() => setAll(true)}>
            Options and FX, credit, capital
          </button>
        </p>
      )}
    </Panel>
  );
}

// --- this run --------------------------------------------------------------------------------------------------------

interface ThisRunProps {
  wish: Wish;
  own: OwnScenario;
  market: MarketDocument | undefined;
  positions: number;
  currency: string;
  checked: Check | undefined;
  isApproved: boolean;
  onApproved(isApproved: boolean): void;
}

function ThisRun({ wish, own, market, positions, currency, checked, isApproved, onApproved }: ThisRunProps) {
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isSending, setSending] = useState(false);
  const key = useRef(crypto.randomUUID());
  const scenarios = 1 + wish.scenarios.length + (own.isOn ? 1 : 0);
  const results = positions * scenarios;
  const expected = expectedSeconds((runs.value?.rows ?? []).filter(hasFigures) as never, results);
  const wrong = useMemo(() => whyNot(wish, own, market), [JSON.stringify(wish), own, market]);
  const canSubmit = may("orchestrator_submit_run");
  const send = async () => {
    if (isSending || wrong) {
      if (wrong) document.getElementById(own.isOn ? "own-id" : "run-now")?.focus();
      return;
    }
    setSending(true);
    setProblem(undefined);
    try {
      const asked = own.isOn ? { ...wish, scenarios: [...wish.scenarios, await defined(own, key.current)] } : wish;
      const sent = await command<{ run_id: string }, "/api/v1/orchestrator/runs">("/api/v1/orchestrator/runs", { body: bodyOf(asked), key: key.current });
      forget("orchestrator/runs");
      void learnRuns();
      go(link(`/runs/${sent.run_id}`));
    } catch (error) {
      setProblem(error instanceof Problem ? error : noAnswer());
      key.current = crypto.randomUUID(); // what was refused is another request once it is mended
    } finally {
      setSending(false);
    }
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key !== "Enter") return;
      event.preventDefault();
      void send();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
  return (
    <Panel title="This run" class="fixed">
      <div class="body thisrun">
        <dl class="dl r">
          <dt>Positions</dt>
          <dd>{count(positions)}</dd>
          <dt>Scenarios, with BASE</dt>
          <dd>{count(scenarios)}</dd>
          <dt>Position results</dt>
          <dd>{count(results)}</dd>
          {checked && (
            <>
              <dt>Work</dt>
              <dd>{counted(checked.chunks, "chunk")}</dd>
            </>
          )}
          <dt>Base currency</dt>
          <dd>
            <b>{currency}</b>
          </dd>
          <dt>Expected</dt>
          <dd>{expected === null ? "not known before a first run" : <b>about {duration(expected)}</b>}</dd>
        </dl>
        <hr />
        <CheckBox checked={isApproved} onChange={onApproved}>
          <span>
            Only with approved models
            {checked && checked.models_without_approval.length > 0 && (
              <span class="hint">
                <br />
                {counted(checked.models_without_approval.length, "model is", "models are")} not approved yet
              </span>
            )}
          </span>
        </CheckBox>
        {problem && <ProblemNote problem={problem} />}
        <button type="button" id="run-now" class="btn pri wide" disabled={!canSubmit || isSending || isPast.value} aria-describedby="run-why" onClick={() => void send()}>
          Run now <kbd>Ctrl ↵</kbd>
        </button>
        <p class={wrong ? "wrong" : "hint"} id="run-why" role={wrong ? "alert" : undefined}>
          {!canSubmit ? "Your role may look at runs, not ask for one." : isPast.value ? "You are looking at the past: go back to now to run." : (wrong ?? "You will be asked for nothing else.")}
        </p>
      </div>
    </Panel>
  );
}

function whyNot(wish: Wish, own: OwnScenario, market: MarketDocument | undefined): string | null {
  if (!wish.portfolio) return "There is no portfolio to value: bring one on the screen Data.";
  if (!wish.market) return "There is no market to value it in: load one on the screen Data.";
  if (!own.isOn) return null;
  if (!own.shocks.length) return "Your scenario has no shock: add one, or leave it out.";
  const seen = market && preview(market, own.shocks).errors.values().next().value;
  return wrongId(own.id) ?? own.shocks.map(wrongOf).find(Boolean) ?? seen ?? null;
}

/** Defined first, and pinned to the version that this made. */
async function defined(own: OwnScenario, key: string): Promise<string> {
  const made = await command<{ scenario_id: string; version: number }, "/api/v1/scenario/scenarios">("/api/v1/scenario/scenarios", {
    body: { scenario_id: own.id, shocks: own.shocks },
    key: `${key}-scenario`,
  });
  forget("scenario/");
  await answerTo(SCENARIOS).catch(() => undefined);
  return `${made.scenario_id}@${made.version}`;
}

const WAYS = ["Shell", "Python", "curl"] as const;

function Typed({ wish }: { wish: Wish }) {
  const [way, setWay] = useState<(typeof WAYS)[number]>("Shell");
  const text = way === "Shell" ? shell(wish) : way === "Python" ? python(wish) : curl(wish, location.origin);
  const tools = (
    <span class="seg sm" role="group" aria-label="In which words">
      {WAYS.map((one) => (
        <button key={one} type="button" aria-pressed={way === one} onClick={() => setWay(one)}>
          {one}
        </button>
      ))}
    </span>
  );
  return (
    <Panel title="The same, typed" tools={tools} class="fixed">
      <div class="body">
        <pre class="code mono" tabIndex={0}>
          {text}
        </pre>
        <button type="button" class="btn sm" onClick={() => void copyText(text)}>
          <Icon name="copy" small />
          Copy
        </button>
      </div>
    </Panel>
  );
}
