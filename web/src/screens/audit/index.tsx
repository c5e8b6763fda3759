/** Prove it: the log through time, a number with its proof, verifications, the certificate of a run, keys. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useAsk } from "../../api/asking";
import { pageOf, question } from "../../api/client";
import { noAnswer, Problem, problemOf } from "../../api/problem";
import type { PositionRow } from "../../api/shapes";
import type { LogEvent, LogKey, Verification } from "../../api/working";
import { Chip } from "../../parts/Cells";
import type { Column } from "../../parts/columns";
import { Icon } from "../../parts/Icon";
import { Answered, Empty, Panel, ProblemNote } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { clock, count, counted, day, short } from "../../numbers/format";
import { query, set } from "../../place";
import { audit, run } from "../../state/book";
import { tell } from "../../shell/announce";
import { CopyAs, Looking } from "../../inspector/Inspector";
import { lookedAt } from "../../inspector/question";
import { Access } from "./Access";
import { saidOf } from "./lanes";
import { Scrubber } from "./Scrubber";
import { Typed } from "./Typed";

const EVENTS = "/api/v1/audit/events";
const TABS = ["history", "verify", "certificates", "keys", "access"] as const;
type Tab = (typeof TABS)[number];
const NAMES: Record<Tab, string> = { history: "History", verify: "Verify", certificates: "Certificates", keys: "Keys", access: "Access" };

export default function Audit() {
  const tab = TABS.find((one) => one === query.value.tab) ?? "history";
  return (
    <>
      <div class="head">
        <h1>Audit</h1>
        <span class="seg" role="group" aria-label="What to look at">
          {TABS.map((one) => (
            <button key={one} type="button" aria-pressed={tab === one} onClick={() => set({ tab: one === "history" ? null : one })}>
              {NAMES[one]}
            </button>
          ))}
        </span>
        <span class="grow" />
        <LastVerified />
        {run.value && <CertificateButton runId={run.value.run_id} />}
      </div>
      {tab === "history" ? <History /> : <div class="alone wideone">{tab === "verify" ? <Verifications /> : tab === "keys" ? <Keys /> : tab === "access" ? <Access /> : <Certificates />}</div>}
    </>
  );
}

function LastVerified() {
  const asked = useAsk<Verification[]>(VERIFICATIONS);
  const last = asked.data?.[0];
  if (!last) return asked.data ? <Chip>Never verified yet</Chip> : null;
  return (
    <Chip kind={last.ok ? "ok" : "bad"}>
      <Icon name={last.ok ? "tick" : "error"} />
      Last verified {day(last.at)} {clock(last.at)}, {last.ok ? "nothing wrong" : counted(last.problems_total ?? last.problems.length, "problem")}
    </Chip>
  );
}

// --- history ---------------------------------------------------------------------------------------------------------

function History() {
  const [filter, setFilter] = useState("");
  const [withFacts, setFacts] = useState(false);
  const asked = useAsk(pageOf<LogEvent, typeof EVENTS>(EVENTS, { query: { limit: 1000, facts: withFacts } }));
  const head = audit.value?.head_position ?? asked.data?.rows[0]?.position ?? 0;
  const at = Number(query.value.as_of_event) || head;
  const move = (position: number) => set({ as_of_event: position >= head ? null : String(position) });
  const rows = (asked.data?.rows ?? []).filter((one) => !filter || wordsOf(one).includes(filter.toLowerCase()));
  return (
    <>
      {asked.data && (
        <section class="panel scrub" aria-label="The log through time">
          <Scrubber events={asked.data.rows} at={at} head={head} onMove={move} />
        </section>
      )}
      <div class="cols audit">
        <Panel
          title="Events"
          unit={`as of event ${count(at)}`}
          tools={
            at < head ? (
              <button type="button" class="btn sm" onClick={() => move(head)}>
                Back to now
              </button>
            ) : undefined
          }
        >
          <div class="filter">
            <label class="inp">
              <Icon name="filter" small />
              <input type="search" aria-label="Stream, kind, actor or correlation" placeholder="stream, kind, actor or correlation" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
            </label>
            <button type="button" class="btn sm" aria-pressed={withFacts} onClick={() => setFacts(!withFacts)}>
              Facts of chunks
            </button>
          </div>
          <Answered asked={asked} what="the log" empty={() => !rows.length && <Empty title="No event fits.">The log has {counted(asked.data?.rows.length ?? 0, "other event")}.</Empty>}>
            {() => (
              <ol class="evs">
                {rows.slice(0, 400).map((one) => (
                  <li key={one.position}>
                    <button type="button" class={`e${one.position > at ? " later" : ""}${one.position === at ? " hit" : ""}`} aria-current={one.position === at || undefined} onClick={() => move(one.position)}>
                      <span class="p mono">{count(one.position)}</span>
                      <span class="b">
                        <b>{one.topic}</b>
                        <br />
                        <span class="muted">
                          {one.timestamp.slice(11, 19)} · {one.actor}
                          {saidOf(one) && ` · ${saidOf(one)}`}
                          {one.position > at && " · later"}
                        </span>
                      </span>
                    </button>
                  </li>
                ))}
              </ol>
            )}
          </Answered>
        </Panel>
        <NumberPanel />
      </div>
    </>
  );
}

function wordsOf(event: LogEvent): string {
  return `${event.position} ${event.topic} ${event.actor} ${event.originator_id} ${event.correlation_id ?? ""} ${saidOf(event)}`.toLowerCase();
}

const TOP = "/api/v1/results/runs/{run_id}/top";

/** The number that is asked for; without one the run's largest position. */
function NumberPanel() {
  const shown = run.value;
  const asked = lookedAt(query.value.number);
  const top = useAsk<PositionRow[]>(shown?.queryable && !asked ? question<PositionRow[], typeof TOP>(TOP, { path: { run_id: shown.run_id }, query: { limit: 1 } }) : null);
  const first = top.data?.[0];
  const looked = asked ?? (first ? ({ of: "position", id: first.position_id, measure: "PV" } as const) : null);
  if (!shown) return <Framed><Empty title="No run is chosen.">A number belongs to a run: choose one above.</Empty></Framed>;
  if (top.problem) return <section class="panel"><ProblemNote problem={top.problem} again={top.again} /></section>;
  if (!looked) return <Framed><Empty title="This run has no figures.">Choose another run above.</Empty></Framed>;
  return (
    <Panel title="Where this number came from" tools={<CopyAs looked={looked} />} class="insp">
      <Another />
      <Looking looked={looked} />
    </Panel>
  );
}

function Another() {
  const [typed, setTyped] = useState("");
  const go = (event: Event) => {
    event.preventDefault();
    const [id = "", measure = "PV"] = typed.trim().split(/\s+/);
    if (id) set({ number: `${id}.${measure.toUpperCase()}` });
  };
  return (
    <form class="another" onSubmit={go}>
      <label class="inp">
        <Icon name="find" small />
        <input type="search" aria-label="Another position, and a measure" placeholder="another position, and a measure: P00005022 DV01" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      </label>
      <button class="btn sm">Look</button>
    </form>
  );
}

function Framed({ children }: { children: ComponentChildren }) {
  return (
    <Panel title="Where this number came from">
      <div class="body">{children}</div>
    </Panel>
  );
}

// --- verify, certificates, keys ---------------------------------------------------------------------------------------

const VERIFICATIONS = question<Verification[], "/api/v1/audit/verifications">("/api/v1/audit/verifications", { query: { limit: 50 } });

function Verifications() {
  const asked = useAsk<Verification[]>(VERIFICATIONS);
  const columns: Column<Verification>[] = [
    { id: "at", label: "When", isLeft: true, cell: (row) => `${day(row.at)} ${clock(row.at)}`, text: (row) => row.at },
    { id: "by", label: "By", isLeft: true, cell: (row) => row.actor, text: (row) => row.actor },
    { id: "events", label: "Events", cell: (row) => count(row.events), text: (row) => row.events },
    { id: "blocks", label: "Blocks", cell: (row) => count(row.blocks), text: (row) => row.blocks },
    { id: "found", label: "Found", isLeft: true, cell: (row) => (row.ok ? <Chip kind="ok"><Icon name="tick" />nothing wrong</Chip> : <Chip kind="bad"><Icon name="error" />{counted(row.problems_total ?? row.problems.length, "problem")}</Chip>), text: (row) => (row.ok ? "ok" : row.problems.map((one) => one.code).join(" ")) },
    { id: "problems", label: "Problems by code", isLeft: true, cell: (row) => byCode(row), text: (row) => byCode(row) },
  ];
  return (
    <Panel title="Verifications" unit="each read everything that is stored, and compared it with everything that vouches for it">
      <Answered asked={asked} what="the verifications" empty={(rows) => !rows.length && <Empty title="The log has not been verified yet.">Type it where Tenor runs: it reads everything, and may take minutes.</Empty>}>
        {(rows) => <Table label="Verifications" columns={columns} rows={rows} keyOf={(row) => String(row.version)} />}
      </Answered>
      <div class="body">
        <Typed text="tenor audit verify" />
        <Typed text={`tenor audit replay ${run.value?.run_id ?? "RUN"} --sample 5`} />
      </div>
    </Panel>
  );
}

function byCode(row: Verification): string {
  const counts = new Map<string, number>();
  for (const one of row.problems) counts.set(one.code, (counts.get(one.code) ?? 0) + 1);
  return [...counts].map(([code, number]) => `${code} ${number}`).join(", ");
}

async function certificate(runId: string): Promise<Problem | null> {
  let answer: Response;
  try {
    answer = await fetch(`/api/v1/audit/runs/${encodeURIComponent(runId)}/certificate`);
  } catch {
    return noAnswer();
  }
  if (!answer.ok) return problemOf(await answer.json().catch(() => null), answer.status, answer.headers.get("X-Request-Id"));
  const address = URL.createObjectURL(await answer.blob());
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = `run-${short(runId)}-certificate.json`;
  anchor.click();
  URL.revokeObjectURL(address);
  return null;
}

function CertificateButton({ runId }: { runId: string }) {
  const get = async () => {
    const problem = await certificate(runId);
    tell(problem ? `${problem.message}. ${problem.document.fix ?? ""}` : `The certificate of run ${short(runId)} is saved`);
  };
  return (
    <button type="button" class="btn" onClick={() => void get()}>
      <Icon name="export" small />
      Certificate of {short(runId)}
    </button>
  );
}

function Certificates() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const shown = run.value;
  return (
    <Panel title="Certificates" unit="a run's evidence in one signed file, checked without a database">
      <div class="body">
        {shown ? (
          <>
            <p class="sec">
              It says what run <span class="mono">{short(shown.run_id)}</span> was, the hash of each of its blocks, its events as stored, their proofs, the checkpoints and the chain of public keys. Any byte changed breaks it.
            </p>
            <p class="acts">
              <button type="button" class="btn pri" onClick={() => void certificate(shown.run_id).then(setProblem)}>
                <Icon name="export" small />
                Certificate of {short(shown.run_id)}
              </button>
            </p>
          </>
        ) : (
          <Empty title="No run is chosen.">Choose one above.</Empty>
        )}
        <p class="sec">Whoever is given it checks it with</p>
        <Typed text="tenor audit check FILE" />
      </div>
      {problem && <ProblemNote problem={problem} />}
    </Panel>
  );
}

function Keys() {
  const asked = useAsk(question<LogKey[]>("/api/v1/audit/keys"));
  const columns: Column<LogKey>[] = [
    { id: "key", label: "Key", isLeft: true, class: () => "mono", cell: (row) => <span title={row.key_id}>{short(row.key_id)}</span>, text: (row) => row.key_id },
    { id: "public", label: "Public part", isLeft: true, class: () => "mono", cell: (row) => <span title={row.public_key}>{row.public_key.slice(0, 24)}…</span>, text: (row) => row.public_key },
    { id: "kind", label: "Kind", isLeft: true, cell: (row) => row.algorithm, text: (row) => row.algorithm },
    { id: "from", label: "From event", cell: (row) => count(row.event_position), text: (row) => row.event_position },
    { id: "why", label: "Why", isLeft: true, cell: (row) => row.reason, text: (row) => row.reason },
    { id: "endorsed", label: "Endorsed by", isLeft: true, class: () => "mono", cell: (row) => (row.previous_key_id ? short(row.previous_key_id) : "the first one"), text: (row) => row.previous_key_id },
  ];
  return (
    <Panel title="Keys" unit="that sign the checkpoints of this log; the private parts are on no wire">
      <Answered asked={asked} what="the keys" empty={(rows) => !rows.length && <Empty title="Nothing has been sealed yet.">The first key is made at the first seal, within a minute of the first event.</Empty>}>
        {(rows) => <Table label="Keys" columns={columns} rows={rows} keyOf={(row) => row.key_id} />}
      </Answered>
    </Panel>
  );
}
