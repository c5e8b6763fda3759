/** Morning: what changed, what needs me. */
import { useLayoutEffect } from "preact/hooks";
import { useAsk } from "../../api/asking";
import type { Figures as Numbers, RunDocument } from "../../api/shapes";
import { Waterfall, type Step } from "../../charts/Waterfall";
import { ChartPanel } from "../../charts/Twin";
import { blanksOf, reasonInWords } from "../../numbers/blanks";
import { change, clock, count, counted, day, dayInWords, dayShort, duration, exact, level, percent, short } from "../../numbers/format";
import { write, writeChange, writing } from "../../numbers/measures";
import { Chip } from "../../parts/Cells";
import { Figures, type Figure } from "../../parts/Figures";
import { Icon } from "../../parts/Icon";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { Size } from "../../parts/Size";
import { Table } from "../../parts/Table";
import { choose, go, link, place } from "../../place";
import { against, bare, hasFigures, portfolioName, run as shownRun, runs } from "../../state/book";
import { may } from "../../state/session";
import { screenCommands } from "../../shell/commands";
import { statusInWords, statusKind } from "../../shell/words";
import { PARTS, type Difference } from "../compare/questions";
import { worstOf } from "../risk/figures";
import { valueOf } from "../risk/tree";
import { needsOf, type Need } from "./needs";
import { limitInWords, scaleOf } from "./limits";
import { askChanges, askLimits, askTotals, askVar, hasHistory, WANTED, type LimitUse, type TailRisk } from "./questions";

export default function Overview() {
  const run = shownRun.value!;
  const other = against.value;
  const measures = WANTED.filter((one) => one === "PV" || run.measures.includes(one));
  const totals = useAsk(askTotals(run.run_id, measures));
  const before = useAsk(other ? askTotals(other, ["PV"]) : null);
  const limits = useAsk(askLimits(run.run_id));
  const changes = useAsk(other ? askChanges(other, run.run_id) : null);
  const tail = useAsk(hasHistory(run.scenarios) ? askVar(run.run_id) : null);
  const rows = runs.value?.rows ?? [];
  const otherLine = rows.find((one) => other && one.run_id.startsWith(other));
  const needs = needsOf(run, rows, limits.data ?? []);
  useLayoutEffect(() => {
    const keyed = needs.slice(0, 9).map((need, n) => ({ name: `${need.what}: ${need.why}`, icon: need.icon, key: String(n + 1), run: () => go(need.to) }));
    screenCommands.value = [...keyed, { name: "New run", icon: "plus", key: "n", run: () => go(link("/runs/new")) }];
    return () => {
      screenCommands.value = [];
    };
  }, [needs.map((one) => one.key).join()]);
  return (
    <>
      <div class="head">
        <h1>Overview</h1>
        <span class="path">{otherLine ? `${dayInWords(run.as_of)} against ${dayInWords(otherLine.as_of)}, and what needs you` : `${dayInWords(run.as_of)}, and what needs you`}</span>
        <span class="grow" />
        {other && (
          <a class="btn" href={link("/compare")}>
            <Icon name="compare" small />
            Why it moved
          </a>
        )}
        {may("orchestrator_submit_run") && (
          <a class="btn pri" href={link("/runs/new")}>
            <Icon name="plus" small />
            New run
          </a>
        )}
      </div>
      {totals.data && <Figures figures={figuresOf(run, totals.data, before.data, otherLine?.as_of, tail.data?.[0])} />}
      <div class="cols four">
        <Panel title="Needs you" unit={needs.length ? `${needs.length}, most urgent first` : undefined}>
          {needs.length ? <Needs needs={needs} /> : <div class="body"><Empty title="Nothing needs you.">No limit is near, no run waits, and every model that was used is approved.</Empty></div>}
        </Panel>
        <Changed asked={changes} other={other} since={otherLine?.as_of} run={run} />
        <Panel title="Limits" unit={limitsTold(limits.data ?? [])} tools={(limits.data?.length ?? 0) > FULLEST && place.value.query.limits !== "all" && <a href={link("/", { limits: "all" })}>All limits</a>}>
          <Answered asked={limits} what="limits" rows={6} empty={(found) => !found.length && <Empty title={run.policy ? `The policy ${run.policy} has no limits.` : "This run has no policy, and limits are a policy's."}>A policy of credit and capital says them: docs/capital.md.</Empty>}>
            {(found) => <Limits limits={found} run={run} />}
          </Answered>
        </Panel>
        <div class="stack">
          <Panel title="Last runs" tools={<a href={link("/runs")}>{`All ${count(runs.value?.total ?? rows.length)}`}</a>}>
            <Table
              class="lr"
              label="Last runs"
              rows={rows.slice(0, 5)}
              keyOf={(one) => one.run_id}
              columns={[
                { id: "run", label: "Run", isLeft: true, cell: (one) => <a class="mono" href={link(hasFigures(one) ? "/" : `/runs/${one.run_id}`, hasFigures(one) ? { run: one.run_id } : {})}>{short(one.run_id)}</a>, text: (one) => one.run_id },
                { id: "portfolio", label: "Portfolio", isLeft: true, class: () => "clip", cell: (one) => portfolioName(one.portfolio_snapshot_id), text: (one) => portfolioName(one.portfolio_snapshot_id) },
                { id: "status", label: "State", isLeft: true, cell: (one) => <Chip kind={statusKind(one.status)}>{statusInWords(one.status)}</Chip>, text: (one) => one.status },
                { id: "at", label: "Asked", cell: (one) => clock(one.requested_at), text: (one) => one.requested_at },
                { id: "seconds", label: "Took", cell: (one) => (one.seconds === null ? "–" : duration(one.seconds)), text: (one) => one.seconds },
                { id: "left", label: "Left out", cell: (one) => <span class={one.failed ? "left" : "na"}>{count((one.failed ?? 0) + (one.partial ?? 0))}</span>, text: (one) => (one.failed ?? 0) + (one.partial ?? 0) },
              ]}
            />
          </Panel>
          <LeftOut run={run} />
        </div>
      </div>
    </>
  );
}

function figuresOf(run: RunDocument, totals: Numbers[], before: Numbers[] | undefined, since: string | undefined, tail: TailRisk | undefined): (Figure | null)[] {
  const base = totals.find((one) => one.scenario_id === "BASE");
  if (!base) return [];
  const old = before?.find((one) => one.scenario_id === "BASE");
  const worst = worstOf(totals.filter((one) => !hasHistory([String(one.scenario_id)])), base);
  const left = typeof base.left_out === "number" ? base.left_out : 0;
  const one = (measure: string, label: string, context: string): Figure | null => {
    const value = valueOf(base, measure);
    if (value === null) return null;
    const was = old ? valueOf(old, measure) : null;
    const moved = was !== null && since ? `${writeChange(measure, value - was)} ${since > run.as_of ? "against" : "since"} ${dayShort(since)}` : context;
    return { label, value: write(measure, value), unit: writing(measure).unit(run.base_currency), title: exact(value), context: moved };
  };
  return [
    one("PV", "Present value", `${count(run.positions)} positions under ${run.scenarios.length} scenarios`),
    one("DV01", "DV01", "gain if rates fall 1 bp"),
    worst
      ? { label: "Worst scenario", value: <span class={worst.change < 0 ? "neg" : undefined}>{change(worst.change / 1e6, 1)}</span>, unit: `${run.base_currency} m`, title: exact(worst.change), context: <><a href={link("/risk", { scenario: worst.scenario })}>{heldAs(run, worst.scenario)}</a>{shareOfPv(worst.change, base)}</> }
      : null,
    tail && tail.var_base !== null
      ? {
          label: `VaR ${percent(tail.confidence, 0)}`,
          value: level(tail.var_base / 1e6, 1),
          unit: `${run.base_currency} m`,
          title: exact(tail.var_base),
          context: tail.note ? <span class="left" title={tail.note}>{count(tail.scenarios)} days are too few for it</span> : `shortfall ${tail.es_base === null ? "–" : level(tail.es_base / 1e6, 1)}, ${count(tail.scenarios)} days of ${bare(tail.history)}`,
        }
      : one("CS01", "CS01", "gain if spreads fall 1 bp"),
    one("ALLOWANCE", "Allowance", run.policy ? `policy ${run.policy}` : ""),
    { label: "Left out", value: left ? <span class="left">{count(left)}</span> : "0", unit: left === 1 ? "position" : "positions", context: left ? <button type="button" class="text" onClick={() => choose({ leftout: "all" })}>which, and why</button> : "nothing is missing" },
  ];
}

function heldAs(run: RunDocument, scenario: string): string {
  return run.scenarios.find((one) => bare(one) === bare(scenario)) ?? scenario;
}

function shareOfPv(moved: number, base: Numbers): string {
  const pv = valueOf(base, "PV");
  return pv ? `, ${percent(moved / pv, 1, true)} of PV` : "";
}

function Needs({ needs }: { needs: Need[] }) {
  return (
    <ul class="need">
      {needs.map((need) => (
        <li key={need.key}>
          <span class={`ni ${need.kind}`}>
            <Icon name={need.icon} />
          </span>
          <span class="nt">
            <b>{need.what}</b> {need.why}
            <br />
            <span class="muted">{need.more}</span>
          </span>
          <a class="btn sm" href={need.to} aria-label={`${need.button}: ${need.what}, ${need.why}`}>
            {need.button}
          </a>
        </li>
      ))}
    </ul>
  );
}

interface ChangedProps {
  asked: ReturnType<typeof useAsk<Difference[]>>;
  other: string | null;
  since: string | undefined;
  run: RunDocument;
}

function Changed({ asked, other, since, run }: ChangedProps) {
  const whole = asked.data?.[0];
  const rows = whole ? PARTS.filter(([key]) => key !== "one_side" || whole[key] !== 0).map(([key, name]) => ({ key, name, value: whole[key] })) : undefined;
  const unit = `${run.base_currency} m`;
  const candidates = (runs.value?.rows ?? []).filter((one) => hasFigures(one) && one.run_id !== run.run_id);
  return (
    <ChartPanel
      title="What changed"
      unit={whole ? `PV, ${unit}, adds up to ${change(whole.change / 1e6, 1)}` : undefined}
      file="what-changed"
      rows={rows}
      keyOf={(one) => one.key}
      columns={[
        { id: "step", label: "Part", isLeft: true, cell: (one) => one.name, text: (one) => one.name },
        { id: "value", label: "PV", unit, class: (one) => (one.value < 0 ? "neg" : undefined), cell: (one) => change(one.value / 1e6, 1), text: (one) => one.value },
      ]}
      instead={
        other ? undefined : (
          <div class="body">
            <Empty
              title="This run stands alone."
              action={
                candidates[0] && (
                  <button type="button" class="btn" onClick={() => choose({ against: candidates[0]!.run_id })}>
                    Against {short(candidates[0].run_id)}, {day(candidates[0].as_of)}
                  </button>
                )
              }
            >
              Choose a run under Against, and this says what is new, gone and changed.
            </Empty>
          </div>
        )
      }
    >
      <Answered asked={asked} what="what changed">
        {() =>
          rows && (
            <div class="body">
              <Waterfall width={420} height={240} finding={`PV changed by ${change((whole?.change ?? 0) / 1e6, 1)} ${unit}`} steps={levelsAndSteps(whole!, rows, dayShort(since ?? ""), dayShort(run.as_of))} />
            </div>
          )
        }
      </Answered>
    </ChartPanel>
  );
}

const FULLEST = 12;

function levelsAndSteps(whole: Difference, rows: { key: string; name: string; value: number }[], from: string, to: string): Step[] {
  const levelOf = (key: string, name: string, value: number): Step => ({ key, name, value, shown: level(value / 1e6, 1), isLevel: true });
  return [levelOf("from", from, whole.from), ...rows.map((one) => ({ ...one, shown: change(one.value / 1e6, 1) })), levelOf("to", to, whole.to)];
}

function limitsTold(limits: LimitUse[]): string | undefined {
  if (!limits.length) return undefined;
  const shown = place.value.query.limits === "all" ? limits.length : Math.min(FULLEST, limits.length);
  return `fullest first · ${shown === limits.length ? counted(shown, "limit") : `${count(shown)} of ${count(limits.length)}`}`;
}

function Limits({ limits, run }: { limits: LimitUse[]; run: RunDocument }) {
  const sorted = [...limits].sort((a, b) => (b.used ?? -1) - (a.used ?? -1));
  const shown = place.value.query.limits === "all" ? sorted : sorted.slice(0, FULLEST);
  return (
    <div class="pgrid" tabIndex={0} role="group" aria-label="Limits">
      <Table
        class="lim"
        label="Limits"
        rows={shown}
        keyOf={(one, n) => `${one.limit_id}-${n}`}
        columns={[
          { id: "limit", label: "Limit", isLeft: true, cell: (one) => <>{limitInWords(one.limit_id)} <span class="muted">{one.group || "All funds"}</span></>, text: (one) => `${one.limit_id} ${one.group ?? ""}` },
          { id: "bar", label: "", cell: (one) => <UseBar share={one.used} />, text: () => null },
          { id: "use", label: "Use", class: (one) => ((one.used ?? 0) > 1 ? "tbad" : (one.used ?? 0) > 0.9 ? "twarn" : undefined), cell: (one) => (one.used === null ? "–" : percent(one.used, 0)), text: (one) => one.used },
          { id: "value", label: "Now", cell: (one) => (one.value === null ? "–" : <span title={exact(one.value)}>{level(one.value / scaleOf(one).by, scaleOf(one).digits)}</span>), text: (one) => one.value },
          { id: "max", label: "Limit", cell: (one) => (one.limit === null ? "–" : <span title={exact(one.limit)}>{level(one.limit / scaleOf(one).by, scaleOf(one).digits)}</span>), text: (one) => one.limit },
          { id: "unit", label: "Unit", isLeft: true, class: () => "q", cell: (one) => scaleOf(one).unit(run.base_currency), text: (one) => scaleOf(one).unit(run.base_currency) },
          { id: "status", label: "State", isLeft: true, cell: (one) => <Chip square kind={one.status === "BREACH" ? "bad" : one.status === "WARN" ? "warn" : ""}>{one.status === "BREACH" ? "passed" : one.status === "WARN" ? "near" : "inside"}</Chip>, text: (one) => one.status },
        ]}
      />
    </div>
  );
}

function UseBar({ share }: { share: number | null }) {
  if (share === null) return null;
  const kind = share > 1 ? "bad" : share > 0.9 ? "warn" : "";
  return (
    <span class="lb" aria-hidden="true">
      <Size as="i" class={kind} width={`${Math.min(1.1, share) * 90.9}%`} />
    </span>
  );
}

/** What has no number at all, and of what has a value the measures that stay blank, by reason. */
function LeftOut({ run }: { run: RunDocument }) {
  const left = (run.failed ?? 0) + (run.partial ?? 0);
  const reasons = blanksOf(run.failure_counts);
  return (
    <Panel title="Left out, and why" unit={`${count(left)} of ${counted(run.positions, "position")}${!left && reasons.length ? "; some measures are blank" : ""}`} class="fill">
      {reasons.length ? (
        <Table
          class="lr lo"
          label="Blank measures, by reason"
          rows={reasons}
          keyOf={(one) => one.code}
          columns={[
            { id: "reason", label: "Reason", isLeft: true, cell: (one) => <Chip square kind="warn">{one.code}</Chip>, text: (one) => one.code },
            { id: "measures", label: "Blank", isLeft: true, class: () => "clip q", cell: (one) => <span title={one.measures.join(", ")}>{one.measures.join(", ") || reasonInWords(one.code)}</span>, text: (one) => one.measures.join(", ") },
            { id: "number", label: "Positions", cell: (one) => count(one.positions), text: (one) => one.positions },
          ]}
        />
      ) : (
        <div class="body">
          <Empty title="Nothing is left out.">Every position has every number that applies to it.</Empty>
        </div>
      )}
    </Panel>
  );
}
