/** Runs: the list, and one of them as it happens or as it ended. */
import { useEffect, useState } from "preact/hooks";
import { useAsk } from "../../api/asking";
import { addressOf, question } from "../../api/client";
import type { ExceptionKind, RunEvent, WorkedRun, WorkerState } from "../../api/working";
import { Spark } from "../../charts/Curves";
import { Chip } from "../../parts/Cells";
import type { Column } from "../../parts/columns";
import { Icon } from "../../parts/Icon";
import { Answered, Empty, Panel, ProblemNote, Waiting } from "../../parts/Panel";
import { Size } from "../../parts/Size";
import { Table } from "../../parts/Table";
import { count, counted, day, duration, exact, level, short, THIN } from "../../numbers/format";
import { link } from "../../place";
import { portfolioName, runs } from "../../state/book";
import { statusInWords } from "../../shell/words";
import type { ScreenProps } from "..";
import { ChunkMap } from "./ChunkMap";
import { statesOf } from "./chunks";
import { Decide } from "./Decide";
import { RunList } from "./List";
import { isUnderWay, pacesOf, useRun, type Live } from "./live";
import { eventInWords, whatHelps } from "./words";

export default function Runs({ parts }: ScreenProps) {
  const id = parts.id ?? runs.value?.rows[0]?.run_id ?? null;
  return (
    <div class="cols runs">
      <RunList current={id} />
      {id ? <OneRun key={id} id={id} /> : runs.value ? <NoRun /> : <Waiting what="the runs" />}
    </div>
  );
}

function NoRun() {
  return (
    <div class="stack">
      <section class="panel">
        <div class="body">
          <Empty
            title="Nothing has been run yet."
            action={
              <a class="btn pri" href={link("/runs/new")}>
                <Icon name="plus" small />
                New run
              </a>
            }
          >
            A run values every position under the scenarios that you choose.
          </Empty>
        </div>
      </section>
    </div>
  );
}

function OneRun({ id }: { id: string }) {
  const live = useRun(id);
  if (live.problem) {
    return (
      <div class="stack">
        <section class="panel">
          <ProblemNote problem={live.problem} again={live.again} />
        </section>
      </div>
    );
  }
  if (!live.run) return <Waiting what={`run ${short(id)}`} />;
  const run = live.run;
  return (
    <div class="stack">
      <div class="head">
        <div>
          <h1>
            <span class="mono">{short(run.run_id)}</span> <span class="sec">{portfolioName(run.portfolio_snapshot_id)}</span>
          </h1>
          <p class="hint">
            as of {day(run.as_of)} · portfolio <span class="mono">{short(run.portfolio_snapshot_id)}</span> · market <span class="mono">{short(run.market_snapshot_id)}</span> · asked by {run.actor}
          </p>
        </div>
        <span class="grow" />
        {run.queryable && (
          <a class="btn" href={link("/risk", { run: run.run_id, scenario: null, against: null })}>
            <Icon name="risk" small />
            See its figures
          </a>
        )}
        <Decide run={run} events={live.events} onDone={live.again} />
      </div>
      <ProgressPanel live={live} run={run} />
      <Exceptions run={run} />
      <Events events={live.events} isLive={live.isLive} />
    </div>
  );
}

// --- how far it is ---------------------------------------------------------------------------------------------------

const STAGES: [status: string[], name: string][] = [
  [["REQUESTED"], "Requested"],
  [["PLANNED"], "Planned"],
  [["RUNNING"], "Running"],
  [["COMPLETED", "COMPLETED_WITH_EXCEPTIONS"], "Completed"],
  [["APPROVED"], "Approved"],
  [["PUBLISHED"], "Published"],
];

function ProgressPanel({ live, run }: { live: Live; run: WorkedRun }) {
  const isRunning = isUnderWay(run);
  const workers = useWorkers(isRunning);
  const mine = workers.filter((one) => one.run_id === run.run_id && one.alive);
  const chunks = run.progress.chunks ?? 0;
  const share = chunks ? run.progress.chunks_done / chunks : 0;
  const paces = pacesOf(live.samples);
  const pace = paces.at(-1);
  const isEnded = ["CANCELLED", "FAILED", "REJECTED", "ARCHIVED"].includes(run.status);
  const states = statesOf(run.progress, mine.flatMap((one) => one.chunk_no ?? []));
  const done = Math.min(run.positions, run.progress.chunks_done * run.chunk_size);
  return (
    <section class="panel" aria-label="Progress">
      <div class="body progress">
        <Stages run={run} events={live.events} isEnded={isEnded} share={share} />
        <div class="big">
          <span class="pct">
            {level(share * 100, 0)}
            {THIN}%
          </span>
          <span>
            <b>{count(done)}</b> of {counted(run.positions, "position")}
            <br />
            <span class="muted">
              {count(done * run.scenarios.length)} of {counted(run.positions * run.scenarios.length, "result")}
            </span>
          </span>
          {isRunning && pace ? (
            <span>
              <b>{duration((chunks - run.progress.chunks_done) / pace)}</b> left
              <br />
              <span class="muted">{duration((Date.now() - Date.parse(run.requested_at)) / 1000)} so far</span>
            </span>
          ) : (
            run.seconds !== null && (
              <span>
                <b>{duration(run.seconds)}</b>
                <br />
                <span class="muted">from request to figures</span>
              </span>
            )
          )}
          {isRunning && (
            <span>
              <b>{mine.length}</b> {mine.length === 1 ? "worker" : "workers"} of {workers.filter((one) => one.alive).length}
              <br />
              <span class="muted">{workers.some((one) => one.alive) ? "at work on it" : "none is alive: start tenor worker"}</span>
            </span>
          )}
          <span class="grow" />
          {paces.length > 2 && <Spark values={paces} isFromZero width={220} height={36} title={`Chunks a second, ${level(pace ?? 0, 1)} now`} />}
        </div>
        <div role="progressbar" aria-label="Chunks valued" aria-valuenow={Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100} class="prog">
          <Size as="i" width={`${share * 100}%`} />
        </div>
        {chunks > 0 && <ChunkMap states={states} chunkSize={run.chunk_size} />}
        {run.progress.chunks === null && <p class="hint">It waits to be planned: the process manager does that within a second, where one is alive.</p>}
      </div>
    </section>
  );
}

function Stages({ run, events, isEnded, share }: { run: WorkedRun; events: RunEvent[]; isEnded: boolean; share: number }) {
  const at = STAGES.findIndex(([statuses]) => statuses.includes(run.status));
  const reached = isEnded ? (run.completed_at ? 3 : run.planned_at ? 2 : 0) : at;
  const timeOf = (topic: string) => {
    const event = [...events].reverse().find((one) => one.event === topic);
    return event ? `${event.at.slice(11, 19)}${event.actor && topic !== "run.planned" && topic !== "run.completed" ? ` by ${event.actor}` : ""}` : "";
  };
  const topics = ["run.requested", "run.planned", "", "run.completed", "run.approved", "run.published"];
  return (
    <ol class="stages">
      {STAGES.map(([, name], n) => {
        const isHere = n === reached && !isEnded && n < 3;
        const isDone = n < reached || (n === reached && (n >= 3 || isEnded));
        const said = n === 2 && isHere ? `${level(share * 100, 0)}${THIN}%` : topics[n] ? timeOf(topics[n]!) : "";
        return (
          <li key={name} class={isDone ? "d" : isHere ? "w" : ""} aria-current={isHere ? "step" : undefined}>
            <i>{isDone ? <Icon name="tick" small /> : n + 1}</i>
            <span>
              <b>{name}</b>
              <br />
              <span class="muted">{said || " "}</span>
            </span>
          </li>
        );
      })}
      {isEnded && (
        <li class="x">
          <i>
            <Icon name="close" small />
          </i>
          <span>
            <b>{statusInWords(run.status)}</b>
            <br />
            <span class="muted">{reasonOf(events, run.status)}</span>
          </span>
        </li>
      )}
    </ol>
  );
}

function reasonOf(events: RunEvent[], status: string): string {
  const event = [...events].reverse().find((one) => one.event === `run.${status.toLowerCase()}`);
  return event ? [event.at.slice(11, 19), event.actor, String(event.payload.reason ?? "")].filter(Boolean).join(" · ") : "";
}

const LOOK_EVERY_MS = 2_000;

function useWorkers(isWanted: boolean): WorkerState[] {
  const [workers, setWorkers] = useState<WorkerState[]>([]);
  useEffect(() => {
    if (!isWanted) return;
    let isOver = false;
    const look = async () => {
      try {
        const found = await question<WorkerState[]>("/api/v1/orchestrator/workers").ask();
        if (!isOver) setWorkers(found);
      } catch {
        // the stream's own state says that nobody answers
      }
    };
    void look();
    const timer = setInterval(look, LOOK_EVERY_MS);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, [isWanted]);
  return workers;
}

// --- what it leaves out ----------------------------------------------------------------------------------------------

const EXCEPTIONS = "/api/v1/results/runs/{run_id}/exceptions";

function Exceptions({ run }: { run: WorkedRun }) {
  const asked = useAsk<ExceptionKind[]>(run.queryable ? question<ExceptionKind[], typeof EXCEPTIONS>(EXCEPTIONS, { path: { run_id: run.run_id } }) : null);
  const left = (run.failed ?? 0) + (run.partial ?? 0);
  const excepted = (run.progress.excepted ?? []).reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const tools = run.queryable && left > 0 && (
    <a class="btn sm" download href={addressOf(EXCEPTIONS, { run_id: run.run_id }, { format: "csv" })}>
      <Icon name="export" small />
      Export
    </a>
  );
  return (
    <Panel title={run.queryable ? "Exceptions" : "Exceptions so far"} unit={run.queryable ? `${counted(left, "position")} of ${count(run.positions)}` : undefined} tools={tools}>
      {run.queryable ? (
        <Answered asked={asked} what="what the run leaves out" empty={(rows) => !rows.length && <Empty title="Nothing is left out.">Every position has every number that was asked for.</Empty>}>
          {(rows) => (
            <div class="pgrid">
              <Table label="Exceptions by reason" columns={exceptionColumns(run)} rows={rows} keyOf={(row, n) => `${row.reason} ${n}`} class="ex" caption={`exceptions of run ${run.run_id}`} />
            </div>
          )}
        </Answered>
      ) : (
        <div class="body">
          <p class="sec">
            {isUnderWay(run)
              ? excepted
                ? `${counted(excepted, "chunk")} so far ${excepted === 1 ? "has" : "have"} positions without a value. Which and why is told when the run ends; totals will say that they leave them out.`
                : "None so far."
              : `The run is ${statusInWords(run.status).toLowerCase()}, and has no figures.`}
          </p>
        </div>
      )}
    </Panel>
  );
}

function exceptionColumns(run: WorkedRun): Column<ExceptionKind>[] {
  return [
    { id: "reason", label: "Reason", isLeft: true, cell: (row) => <Chip kind={row.status === "FAILED" ? "warn" : ""} square>{row.reason}</Chip>, text: (row) => row.reason },
    { id: "sentence", label: "What is wrong", isLeft: true, cell: (row) => <span title={row.sentence}>{row.sentence}</span>, text: (row) => row.sentence },
    { id: "products", label: "Product", isLeft: true, class: () => "q", cell: (row) => row.product_types.replaceAll(",", ", "), text: (row) => row.product_types },
    { id: "positions", label: "Positions", cell: (row) => count(row.positions), text: (row) => row.positions },
    {
      id: "notional",
      label: `Notional, ${run.base_currency} m`,
      cell: (row) => (row.notional_base === null ? "–" : <span title={exact(row.notional_base)}>{level(row.notional_base / 1e6, 1)}</span>),
      text: (row) => row.notional_base,
    },
    { id: "helps", label: "What helps", isLeft: true, class: () => "q", cell: (row) => whatHelps(row), text: (row) => whatHelps(row) },
    {
      id: "largest",
      label: "Largest",
      isLeft: true,
      cell: (row) => {
        const [first] = row.largest.split(",");
        return first ? <a href={link(`/positions/${encodeURIComponent(first)}`, { run: run.run_id })}>{first}</a> : "";
      },
      text: (row) => row.largest,
    },
  ];
}

// --- what happened ---------------------------------------------------------------------------------------------------

function Events({ events, isLive }: { events: RunEvent[]; isLive: boolean }) {
  const tools = (
    <span class="hint">
      <i class={isLive ? "dot" : "dot idle"} />
      {isLive ? "live" : "ended"}
    </span>
  );
  const columns: Column<RunEvent>[] = [
    { id: "event", label: "Event", isLeft: true, class: () => "mono", cell: (row) => row.event, text: (row) => row.event },
    { id: "at", label: "Time, UTC", isLeft: true, class: () => "mono q", cell: (row) => row.at.slice(11, 23), text: (row) => row.at },
    { id: "position", label: "Position", class: () => "mono q", cell: (row) => count(row.event_position), text: (row) => row.event_position },
    { id: "actor", label: "By", isLeft: true, class: () => "q", cell: (row) => row.actor, text: (row) => row.actor },
    { id: "what", label: "What", isLeft: true, cell: (row) => <span title={eventInWords(row)}>{eventInWords(row)}</span>, text: (row) => eventInWords(row) },
  ];
  return (
    <Panel title="Events" unit="as they happen · resumes where it stopped" tools={tools} class="fills">
      <div class="pgrid">
        <Table label="Events of the run" columns={columns} rows={events} keyOf={(row) => String(row.event_position)} />
      </div>
    </Panel>
  );
}
