/** Is it well? Read models, the queue, workers; and what can be asked of them. Looked at anew while somebody looks. */
import { useEffect, useRef, useState } from "preact/hooks";
import { command, question } from "../../api/client";
import { noAnswer, Problem } from "../../api/problem";
import type { Projection, Queue, WorkerState } from "../../api/working";
import { Spark } from "../../charts/Curves";
import { Chip } from "../../parts/Cells";
import type { Column } from "../../parts/columns";
import { Dialog } from "../../parts/Dialog";
import { Figures } from "../../parts/Figures";
import { Icon } from "../../parts/Icon";
import { Empty, Panel, ProblemNote, Waiting } from "../../parts/Panel";
import { Size } from "../../parts/Size";
import { Table } from "../../parts/Table";
import { ago, count, counted, day, duration, level, short } from "../../numbers/format";
import { link } from "../../place";
import { audit, isPast } from "../../state/book";
import { may } from "../../state/session";
import { tell } from "../../shell/announce";
import { Keys } from "./Keys";
import { Limits } from "./Limits";
import { Messages } from "./Messages";
import { Schedules } from "./Schedules";
import { Tabs, tabShown } from "./Tabs";

const LOOK_EVERY_MS = 2_000;
const KEPT = 60;

interface Seen {
  projections: Projection[];
  queue: Queue;
  workers: WorkerState[];
  /** By read model: how far behind it was each time this page looked. */
  lags: Map<string, number[]>;
  paces: Map<string, number[]>;
}

export default function Operations() {
  const tab = tabShown();
  if (tab === "system") return <System />;
  return (
    <>
      <div class="head">
        <h1>Operations</h1>
        <Tabs />
      </div>
      {tab === "limits" ? <Limits /> : tab === "keys" ? <Keys /> : tab === "schedules" ? <Schedules /> : <Messages />}
    </>
  );
}

function System() {
  const { seen, problem, again } = useSystem();
  const head = (
    <div class="head">
      <h1>Operations</h1>
      <Tabs />
      <span class="grow" />
      <span class="hint">refreshed each 2 s while you look</span>
      <a class="btn" href="/metrics">
        <Icon name="link" small />
        Metrics
      </a>
    </div>
  );
  if (!seen) {
    return (
      <>
        {head}
        <div class="alone">
          <section class="panel">{problem ? <ProblemNote problem={problem} again={again} /> : <Waiting what="the state of the system" />}</section>
        </div>
      </>
    );
  }
  return (
    <>
      {head}
      <Figures figures={figuresOf(seen)} />
      <div class="cols operations">
        <div class="stack">
          {problem && (
            <section class="panel">
              <ProblemNote problem={problem} again={again} />
            </section>
          )}
          <ReadModels seen={seen} onAsked={again} />
          <Workers seen={seen} />
        </div>
        <div class="stack">
          <Work seen={seen} onAsked={again} />
          <QueuePanel queue={seen.queue} />
        </div>
      </div>
    </>
  );
}

function useSystem(): { seen: Seen | undefined; problem: Problem | undefined; again(): void } {
  const [seen, setSeen] = useState<Seen | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [turn, setTurn] = useState(0);
  const history = useRef({ lags: new Map<string, number[]>(), paces: new Map<string, number[]>() });
  useEffect(() => {
    let isOver = false;
    const look = async () => {
      if (document.visibilityState !== "visible") return;
      try {
        const [projections, queue, workers] = await Promise.all([
          question<Projection[]>("/api/v1/orchestrator/projections").ask(),
          question<Queue>("/api/v1/orchestrator/queue").ask(),
          question<WorkerState[]>("/api/v1/orchestrator/workers").ask(),
        ]);
        if (isOver) return;
        const { lags, paces } = history.current;
        for (const one of projections) lags.set(one.name, [...(lags.get(one.name) ?? []), one.lag].slice(-KEPT));
        for (const one of workers) paces.set(one.worker_id, [...(paces.get(one.worker_id) ?? []), one.chunks_a_minute].slice(-KEPT));
        setSeen({ projections, queue, workers, lags, paces });
        setProblem(undefined);
      } catch (error) {
        if (!isOver) setProblem(error instanceof Problem ? error : noAnswer());
      }
    };
    void look();
    const timer = setInterval(look, LOOK_EVERY_MS);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, [turn]);
  return { seen, problem, again: () => setTurn((n) => n + 1) };
}

function figuresOf({ projections, queue, workers }: Seen) {
  const alive = workers.filter((one) => one.alive).length;
  const lost = workers.length - alive;
  const letters = projections.reduce((sum, one) => sum + one.dead_letters, 0);
  const halted = projections.filter((one) => one.halted_at);
  const behind = projections.reduce((most, one) => (one.lag > most.lag ? one : most), projections[0]!);
  const seal = audit.value;
  return [
    { label: "Ready", value: halted.length ? <span class="left">no</span> : <span class="good">yes</span>, context: halted.length ? `${halted.map((one) => one.name).join(", ")} halted` : "all of it answers" },
    { label: "Read models", value: count(behind.lag), unit: behind.lag === 1 ? "event behind" : "events behind", context: behind.lag ? behind.name : `${counted(projections.length, "read model")}, none behind` },
    {
      label: "Queue",
      value: count(queue.waiting),
      unit: queue.waiting === 1 ? "job" : "jobs",
      context: queue.waiting ? `oldest waits ${duration(queue.oldest_s)}${queue.backlog_s === null ? "" : ` · ${duration(queue.backlog_s)} of work`}` : "nothing waits",
    },
    { label: "Workers", value: count(alive), unit: `alive of ${workers.length}`, context: lost ? `${counted(lost, "worker")} not heard of any more` : alive ? "all are heard of" : "start one: tenor worker" },
    { label: "Dead letters", value: letters ? <span class="left">{count(letters)}</span> : "0", unit: letters === 1 ? "event" : "events", context: letters ? "the rest goes on" : "none was set aside" },
    seal ? { label: "Unsealed", value: count(seal.unsealed_events), unit: seal.unsealed_events === 1 ? "event" : "events", context: seal.last_checkpoint ? `last checkpoint ${ago(seal.last_checkpoint.sealed_at, new Date())}` : "no checkpoint yet" } : null,
  ];
}

// --- read models -----------------------------------------------------------------------------------------------------

type Action = "rebuild" | "rollback" | "replay";

function ReadModels({ seen, onAsked }: { seen: Seen; onAsked(): void }) {
  const [asking, setAsking] = useState<{ name: string; action: Action } | null>(null);
  const head = seen.projections[0] ? seen.projections[0].position + seen.projections[0].lag : 0;
  const columns: Column<Projection>[] = [
    {
      id: "name",
      label: "Read model",
      isLeft: true,
      cell: (row) => (
        <>
          <b>{row.name}</b> v{row.version}
        </>
      ),
      text: (row) => row.name,
    },
    { id: "position", label: "Position", cell: (row) => count(row.position), text: (row) => row.position },
    { id: "lag", label: "Behind", cell: (row) => <span class={row.lag ? "left" : "na"}>{count(row.lag)}</span>, text: (row) => row.lag },
    { id: "line", label: "Lag while you look", isLeft: true, cell: (row) => <Spark values={seen.lags.get(row.name) ?? []} isFromZero width={92} title={`${row.name}: ${counted(row.lag, "event")} behind`} />, text: () => "" },
    { id: "rate", label: "Events/s", cell: (row) => level(row.events_per_s, 1), text: (row) => row.events_per_s },
    { id: "letters", label: "Dead letters", cell: (row) => (row.dead_letters ? <span class="left">{row.dead_letters}</span> : <span class="na">0</span>), text: (row) => row.dead_letters },
    { id: "state", label: "State", isLeft: true, cell: (row) => <State row={row} head={head} />, text: (row) => stateOf(row, head) },
    { id: "acts", label: <span class="vh">What can be done</span>, name: "acts", cell: (row) => <Acts row={row} onAsk={(action) => setAsking({ name: row.name, action })} />, text: () => "" },
  ];
  return (
    <Panel title="Read models" unit={`log at ${count(head)}`}>
      <div class="pgrid">
        <Table label="Read models" columns={columns} rows={seen.projections} keyOf={(row) => row.name} class="op" />
      </div>
      {asking && (
        <AskRebuild
          {...asking}
          row={seen.projections.find((one) => one.name === asking.name)!}
          onClose={(wasAsked) => {
            setAsking(null);
            if (wasAsked) onAsked();
          }}
        />
      )}
    </Panel>
  );
}

function isBusy(row: Projection): boolean {
  return row.asked !== null && row.asked.ended_at === null;
}

function stateOf(row: Projection, head: number): string {
  if (row.halted_at) return "halted";
  if (row.building_version !== null) return `v${row.building_version} building, ${head ? Math.floor((100 * (row.building_position ?? 0)) / head) : 0} %`;
  if (isBusy(row)) return row.asked!.status === "REQUESTED" ? "asked for" : "at work";
  return "live";
}

function State({ row, head }: { row: Projection; head: number }) {
  const said = stateOf(row, head);
  const kind = said === "live" ? "ok" : said === "halted" ? "bad" : "run";
  return (
    <span title={row.halt_error ?? undefined}>
      <Chip kind={kind}>
        {kind === "ok" && <Icon name="tick" />}
        {kind === "bad" && <Icon name="error" />}
        {said}
      </Chip>
    </span>
  );
}

function Acts({ row, onAsk }: { row: Projection; onAsk(action: Action): void }) {
  const why = isBusy(row) ? `${row.name} is being worked on already` : isPast.value ? "you are looking at the past" : undefined;
  return (
    <span class="acts2">
      {row.dead_letters > 0 && may("orchestrator_replay_projection") && (
        <button type="button" class="btn sm" disabled={Boolean(why)} title={why} onClick={() => onAsk("replay")}>
          Replay
        </button>
      )}
      {row.previous_version !== null && may("orchestrator_rollback_projection") && (
        <button type="button" class="btn sm" disabled={Boolean(why)} title={why} aria-label={`Roll back ${row.name}`} onClick={() => onAsk("rollback")}>
          Roll back
        </button>
      )}
      {may("orchestrator_rebuild_projection") && (
        <button type="button" class="btn sm" disabled={Boolean(why)} title={why} aria-label={`Rebuild ${row.name}`} onClick={() => onAsk("rebuild")}>
          Rebuild
        </button>
      )}
    </span>
  );
}

const PATHS = {
  rebuild: "/api/v1/orchestrator/projections/{name}/rebuild",
  rollback: "/api/v1/orchestrator/projections/{name}/rollback",
  replay: "/api/v1/orchestrator/projections/{name}/replay",
} as const;
const NAMES: Record<Action, string> = { rebuild: "Rebuild", rollback: "Roll back", replay: "Replay dead letters of" };

function whatItDoes(action: Action, row: Projection): string {
  if (action === "rebuild") {
    const next = row.building_version ?? row.version + 1;
    return `The whole log is told to version ${next} beside version ${row.version}, then the contents of both are compared. A difference is never swapped in. Queries go on from version ${row.version} all the while; it is kept to go back to.`;
  }
  if (action === "rollback") return `Version ${row.previous_version} is brought up to date, then shown in place of version ${row.version}. Queries go on all the while.`;
  return `${counted(row.dead_letters, "event")} that could not be digested ${row.dead_letters === 1 ? "is" : "are"} told again; what fails again stays set aside.`;
}

function AskRebuild({ name, action, row, onClose }: { name: string; action: Action; row: Projection; onClose(wasAsked: boolean): void }) {
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isSending, setSending] = useState(false);
  const key = useRef(crypto.randomUUID());
  const send = async () => {
    setSending(true);
    try {
      await command(PATHS[action], { params: { path: { name } }, key: key.current });
      tell(`${NAMES[action]} ${name}: it is asked for`);
      onClose(true);
    } catch (error) {
      setProblem(error instanceof Problem ? error : noAnswer());
      setSending(false);
    }
  };
  return (
    <Dialog label={`${NAMES[action]} ${name}`} kind="sheet" onClose={() => onClose(false)}>
      <div class="asked">
        <h2>
          {NAMES[action]} {name}
        </h2>
        <p class="sec">{whatItDoes(action, row)}</p>
        {problem && <ProblemNote problem={problem} />}
        <p class="acts">
          <button type="button" class="btn pri" data-first disabled={isSending} onClick={() => void send()}>
            <Icon name="again" small />
            {NAMES[action]} {action === "replay" ? "" : name}
          </button>
          <button type="button" class="btn" onClick={() => onClose(false)}>
            Leave it
          </button>
        </p>
      </div>
    </Dialog>
  );
}

// --- what is being done, and what was ---------------------------------------------------------------------------------

function Work({ seen, onAsked }: { seen: Seen; onAsked(): void }) {
  const asked = seen.projections.filter((one) => one.asked).sort((a, b) => b.asked!.requested_at.localeCompare(a.asked!.requested_at));
  const [row] = asked;
  const [letters] = seen.projections.filter((one) => one.dead_letters);
  return (
    <>
      {row ? (
        <Panel title={`${{ REBUILD: "Rebuild", ROLLBACK: "Roll-back", REPLAY: "Replay" }[row.asked!.action] ?? row.asked!.action} of ${row.name}`} unit={`asked by ${row.asked!.actor}, ${ago(row.asked!.requested_at, new Date())}`}>
          <Told row={row} />
        </Panel>
      ) : (
        <Panel title="Rebuilds">
          <div class="body">
            <Empty title="Nothing has been rebuilt from here.">A read model is made of the log, and can be made again at any time beside the one that is shown.</Empty>
          </div>
        </Panel>
      )}
      {letters && <Letters name={letters.name} onAsked={onAsked} />}
    </>
  );
}

function Told({ row }: { row: Projection }) {
  const asked = row.asked!;
  const head = row.position + row.lag;
  const share = row.building_position !== null && head ? row.building_position / head : asked.ended_at ? 1 : 0;
  const tables = Object.entries(asked.outcome?.tables ?? {});
  return (
    <div class="body told">
      {asked.status !== "FAILED" && (
        <div role="progressbar" aria-label={`Rebuild of ${row.name}`} aria-valuenow={Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100} class="prog">
          <Size as="i" width={`${share * 100}%`} />
        </div>
      )}
      {asked.status === "FAILED" ? (
        <div class="note bad" role="alert">
          <Icon name="error" />
          <span>
            <b>{String(asked.outcome?.message ?? "It failed")}.</b> {String(asked.outcome?.fix ?? "")}
          </span>
        </div>
      ) : asked.status === "DONE" ? (
        <p class="sec" role="status">
          {asked.outcome?.version !== undefined ? `Version ${String(asked.outcome.version)} is shown in place of ${String(asked.outcome.previous_version)}: ${count(Number(asked.outcome.events ?? 0))} events in ${duration(Number(asked.outcome.seconds ?? 0))}, swapped in ${level(Number(asked.outcome.swap_seconds ?? 0) * 1000, 0)} ms.` : "It is done."}
        </p>
      ) : (
        <p class="sec" role="status">
          {asked.status === "REQUESTED" ? "It waits for the process that keeps the read models." : asked.told || "It has begun."}
        </p>
      )}
      {tables.length > 0 && (
        <Table
          label="Rows that both versions have"
          class="cmp"
          columns={[
            { id: "table", label: "Table", isLeft: true, class: () => "mono", cell: ([name]) => name, text: ([name]) => name },
            { id: "rows", label: "Rows", cell: ([, held]) => count(held.rows), text: ([, held]) => held.rows },
            { id: "same", label: "Both versions", isLeft: true, cell: () => (asked.outcome?.verified ? "equal" : "not compared"), text: () => "" },
          ]}
          rows={tables}
          keyOf={([name]) => name}
        />
      )}
    </div>
  );
}

function Letters({ name, onAsked }: { name: string; onAsked(): void }) {
  const [row, setRow] = useState<Projection | undefined>(undefined);
  useEffect(() => {
    question<Projection, "/api/v1/orchestrator/projections/{name}">("/api/v1/orchestrator/projections/{name}", { path: { name } }).ask().then(setRow, () => setRow(undefined));
  }, [name, onAsked]);
  return (
    <Panel title="Dead letters" unit={name}>
      <div class="body">
        {row?.letters?.map((one) => (
          <div key={one.position} class="letter">
            <p class="sec">
              event {count(one.position)} · {one.topic} · {day(one.at)}
            </p>
            <p class="mono">{one.error}</p>
          </div>
        ))}
      </div>
    </Panel>
  );
}

// --- workers and queue ------------------------------------------------------------------------------------------------

function Workers({ seen }: { seen: Seen }) {
  const columns: Column<WorkerState>[] = [
    {
      id: "worker",
      label: "Worker",
      isLeft: true,
      cell: (row) => (
        <>
          <i class={row.alive ? "dot" : "dot bad"} />
          <b>{row.pid}</b> {row.host}
        </>
      ),
      text: (row) => `${row.pid} ${row.host}`,
    },
    { id: "engine", label: "Engine", isLeft: true, class: () => "mono q", cell: (row) => row.engine ?? "–", text: (row) => row.engine },
    {
      id: "doing",
      label: "Doing",
      isLeft: true,
      cell: (row) =>
        !row.alive ? (
          "not heard of: its job is given again"
        ) : row.run_id === null ? (
          "waits for work"
        ) : (
          <>
            chunk {row.chunk_no} of <a href={link(`/runs/${row.run_id}`)}>{short(row.run_id)}</a>
          </>
        ),
      text: (row) => (row.run_id ? `chunk ${row.chunk_no} of ${row.run_id}` : ""),
    },
    { id: "line", label: "Pace", isLeft: true, cell: (row) => <Spark values={seen.paces.get(row.worker_id) ?? []} isFromZero title={`${row.chunks_a_minute} chunks in the last minute`} />, text: () => "" },
    { id: "pace", label: "Chunks/min", cell: (row) => (row.alive ? count(row.chunks_a_minute) : "–"), text: (row) => row.chunks_a_minute },
    { id: "seen", label: "Seen", cell: (row) => duration(row.seen_s), text: (row) => row.seen_s },
  ];
  return (
    <Panel title="Workers" unit="any number of machines; a lost one costs its lease, no figures">
      {seen.workers.length ? (
        <div class="pgrid">
          <Table label="Workers" columns={columns} rows={seen.workers} keyOf={(row) => row.worker_id} class="op" />
        </div>
      ) : (
        <div class="body">
          <Empty title="No worker has been heard of in the last hour.">
            Start one on any machine that reaches the database: <code class="mono">tenor worker</code>
          </Empty>
        </div>
      )}
    </Panel>
  );
}

function QueuePanel({ queue }: { queue: Queue }) {
  return (
    <Panel title="Queue" unit={queue.failed_last_hour ? `${counted(queue.failed_last_hour, "job")} failed in the last hour` : undefined}>
      {queue.runs.length ? (
        <div class="pgrid">
          <Table
            label="Queue by run"
            class="op"
            columns={[
              { id: "run", label: "Run", isLeft: true, cell: (row) => <a class="mono" href={link(`/runs/${row.run_id}`)}>{short(row.run_id)}</a>, text: (row) => row.run_id },
              { id: "waiting", label: "Waiting", cell: (row) => count(row.waiting), text: (row) => row.waiting },
              { id: "running", label: "Running", cell: (row) => count(row.running), text: (row) => row.running },
              { id: "chunks", label: "Chunks", cell: (row) => count(row.chunks_waiting), text: (row) => row.chunks_waiting },
            ]}
            rows={queue.runs}
            keyOf={(row) => row.run_id}
          />
        </div>
      ) : (
        <div class="body">
          <Empty title="Nothing waits.">A run's chunks stand here until a worker takes them.</Empty>
        </div>
      )}
    </Panel>
  );
}
