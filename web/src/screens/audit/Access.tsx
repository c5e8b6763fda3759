/** Who read or did what over HTTP, the latest first: asked by actor and day, read on page by page. */
import { useEffect, useState } from "preact/hooks";
import { answerTo, useAsk } from "../../api/asking";
import { pageOf, type Page } from "../../api/client";
import { noAnswer, Problem } from "../../api/problem";
import { save } from "../../charts/Twin";
import { asCsv, type Column } from "../../parts/columns";
import { Icon } from "../../parts/Icon";
import { Answered, Empty, Panel, ProblemNote } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { clock, count, counted, day } from "../../numbers/format";
import { query, set } from "../../place";
import { may, me } from "../../state/session";
import { Typed } from "./Typed";

interface Entry {
  at: string;
  actor: string;
  role: string;
  method: string;
  path: string;
  status: number;
  rows: number | null;
}

const LOG = "/api/v1/orchestrator/access-log";
const OF_A_PAGE = 200;

export function Access() {
  if (!may("orchestrator_list_access_log")) {
    return (
      <Panel title="Access">
        <div class="body">
          <Empty title={`As ${me.value.role} you may not see who read what.`}>Auditors and admins read the access log.</Empty>
        </div>
      </Panel>
    );
  }
  return <Log />;
}

function Log() {
  const { actor, since } = query.value;
  const [isChange, setChange] = useState(false);
  const first = { limit: OF_A_PAGE, ...(actor ? { actor } : {}), ...(since ? { since } : {}) };
  const key = JSON.stringify(first);
  const asked = useAsk(pageOf<Entry, typeof LOG>(LOG, { query: first }));
  const [more, setMore] = useState<Page<Entry>[]>([]);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  useEffect(() => setMore([]), [key, asked.data]);
  const pages = asked.data ? [asked.data, ...more] : [];
  const rows = pages.flatMap((page) => page.rows).filter((one) => !isChange || one.method !== "GET");
  const next = pages.at(-1)?.next;
  const on = async () => {
    try {
      const page = await answerTo(pageOf<Entry, typeof LOG>(LOG, { query: { ...first, cursor: next! } }));
      setMore([...more, page]);
    } catch (error) {
      setProblem(error instanceof Problem ? error : noAnswer());
    }
  };
  return (
    <Panel
      title="Access"
      unit="over HTTP, times in UTC; written as it happens and never changed"
      tools={
        <>
          <button type="button" class="btn sm" onClick={asked.again}>
            <Icon name="again" small />
            Look again
          </button>
          <button type="button" class="btn sm" disabled={!rows.length} onClick={() => save("access-log.csv", asCsv(COLUMNS, rows))}>
            <Icon name="export" small />
            These {count(rows.length)} as CSV
          </button>
        </>
      }
    >
      <Narrow isChange={isChange} onChange={setChange} />
      <Answered asked={asked} what="the access log" rows={10} empty={() => !rows.length && <Empty title="Nobody did anything of that kind.">{actor || since ? "Leave the actor or the day out to see more." : "Every read and every command over HTTP stands here a moment later."}</Empty>}>
        {() => (
          <div class="pgrid" tabIndex={0} role="group" aria-label="Access, a row each">
            <Table label="Access log" class="op" columns={COLUMNS} rows={rows} keyOf={(one, n) => `${one.at} ${n}`} />
          </div>
        )}
      </Answered>
      {problem && <ProblemNote problem={problem} />}
      <div class="body above">
        <p class="sec">
          {counted(rows.length, "entry", "entries")}.{" "}
          {next && (
            <button type="button" class="text" onClick={() => void on()}>
              Read on
            </button>
          )}
        </p>
        <Typed text={`tenor access log${since ? ` --since ${since}` : ""}${actor ? ` --actor ${actor}` : ""}`} />
      </div>
    </Panel>
  );
}

function Narrow({ isChange, onChange }: { isChange: boolean; onChange(isChange: boolean): void }) {
  const [actor, setActor] = useState(query.value.actor ?? "");
  const ask = (event: Event) => {
    event.preventDefault();
    set({ actor: actor.trim() || null });
  };
  return (
    <form class="filter" onSubmit={ask}>
      <label class="inp">
        <Icon name="person" small />
        <input type="search" aria-label="Actor" placeholder="actor, then Enter" value={actor} onInput={(event) => setActor(event.currentTarget.value)} />
      </label>
      <label class="inp">
        <span class="muted">since</span>
        <input type="date" aria-label="Since" value={query.value.since ?? ""} onChange={(event) => set({ since: event.currentTarget.value || null })} />
      </label>
      <button type="button" class="btn sm" aria-pressed={isChange} onClick={() => onChange(!isChange)}>
        Commands alone
      </button>
    </form>
  );
}

const COLUMNS: Column<Entry>[] = [
  { id: "at", label: "When", isLeft: true, cell: (one) => <span title={one.at}>{`${day(one.at)} ${one.at.slice(11, 19) || clock(one.at)}`}</span>, text: (one) => one.at },
  { id: "actor", label: "Who", isLeft: true, cell: (one) => <b>{one.actor}</b>, text: (one) => one.actor },
  { id: "role", label: "As", isLeft: true, cell: (one) => one.role, text: (one) => one.role },
  { id: "method", label: "Did", isLeft: true, cell: (one) => (one.method === "GET" ? <span class="muted">read</span> : <b>{one.method}</b>), text: (one) => one.method },
  { id: "path", label: "What", isLeft: true, class: () => "mono", cell: (one) => one.path, text: (one) => one.path },
  { id: "status", label: "Answer", cell: (one) => <span class={one.status >= 400 ? "left" : undefined}>{one.status}</span>, text: (one) => one.status },
  { id: "rows", label: "Rows", cell: (one) => (one.rows === null ? <span class="na">–</span> : count(one.rows)), text: (one) => one.rows },
];
