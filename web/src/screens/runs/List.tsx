/** Every run, newest first, by its state. */
import { useState } from "preact/hooks";
import type { RunLine } from "../../api/shapes";
import { Chip } from "../../parts/Cells";
import { Icon } from "../../parts/Icon";
import { Listbox } from "../../parts/Listbox";
import { ProblemNote, Waiting } from "../../parts/Panel";
import { clock, dayShort, short } from "../../numbers/format";
import { link, query, set } from "../../place";
import { hasFigures, learnRuns, portfolioName, runs, runsProblem } from "../../state/book";
import { may } from "../../state/session";
import { statusInWords, statusKind } from "../../shell/words";

const STEP = 40;

export function RunList({ current }: { current: string | null }) {
  const [most, setMost] = useState(STEP);
  const page = runs.value;
  const state = query.value.state ?? "";
  const rows = (page?.rows ?? []).filter((one) => !state || one.status === state);
  const states = [...new Set((page?.rows ?? []).map((one) => one.status))];
  return (
    <aside class="runlist" aria-label="Runs">
      <div class="lh">
        <h2>Runs</h2>
        {may("orchestrator_submit_run") && (
          <a class="btn sm pri" href={link("/runs/new")}>
            <Icon name="plus" small />
            New run
          </a>
        )}
      </div>
      <div class="lh tight">
        <Listbox
          label="State"
          class="inp"
          value={state}
          choices={[{ value: "", label: "any state" }, ...states.map((one) => ({ value: one, label: statusInWords(one) }))]}
          onChoose={(one) => set({ state: one || null })}
          button={
            <>
              <Icon name="filter" small />
              <span class="muted">{state ? statusInWords(state) : "any state"}, newest first</span>
            </>
          }
        />
      </div>
      {runsProblem.value && <ProblemNote problem={runsProblem.value} again={learnRuns} />}
      {!page && !runsProblem.value && <Waiting what="the runs" />}
      <ul>
        {rows.slice(0, most).map((one) => (
          <li key={one.run_id}>
            <Line run={one} isCurrent={one.run_id === current} />
          </li>
        ))}
      </ul>
      {page && (
        <p class="hint more">
          {rows.length > most && (
            <>
              <button type="button" class="text" onClick={() => setMost(most + STEP)}>
                More runs
              </button>
              {" · "}
            </>
          )}
          {page.total ?? rows.length} in all
        </p>
      )}
    </aside>
  );
}

function Line({ run, isCurrent }: { run: RunLine; isCurrent: boolean }) {
  const isToday = run.requested_at.slice(0, 10) === new Date().toISOString().slice(0, 10);
  return (
    <a class="run" href={link(`/runs/${run.run_id}`, hasFigures(run) ? { run: run.run_id } : {})} aria-current={isCurrent || undefined}>
      <span class="r1">
        <b class="mono">{short(run.run_id)}</b>
        <span class="muted">{isToday ? clock(run.requested_at) : dayShort(run.requested_at)}</span>
      </span>
      <span class="r1">
        <span class="sec nm">{portfolioName(run.portfolio_snapshot_id)}</span>
        <Chip kind={statusKind(run.status)}>{statusInWords(run.status)}</Chip>
      </span>
    </a>
  );
}
