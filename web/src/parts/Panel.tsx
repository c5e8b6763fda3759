/** A panel, and the states that every one of them can be in. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Asked } from "../api/asking";
import { Problem } from "../api/problem";
import { announce, copyText } from "../shell/announce";
import { Icon } from "./Icon";

interface PanelProps {
  title: string;
  unit?: ComponentChildren;
  label?: string;
  /** Buttons and chips at the right of the head. */
  tools?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}

export function Panel({ title, unit, label, tools, class: kind, children }: PanelProps) {
  return (
    <section class={`panel ${kind ?? ""}`} aria-label={label ?? title}>
      <header>
        <h2>{title}</h2>
        {unit !== undefined && <span class="u">{unit}</span>}
        <span class="grow" />
        {tools}
      </header>
      {children}
    </section>
  );
}

interface StateProps<T> {
  asked: Asked<T>;
  /** What is being waited for, in words. */
  what: string;
  children: (data: T) => ComponentChildren;
  /** Whether there is nothing to show, and what then stands there. */
  empty?: (data: T) => ComponentChildren | null | undefined | false;
  rows?: number;
}

/** The old figures stay, dimmed, while only a parameter changed; a problem is shown as it was said. */
export function Answered<T>({ asked, what, children, empty, rows = 4 }: StateProps<T>) {
  if (asked.problem) return <ProblemNote problem={asked.problem} again={asked.again} />;
  if (asked.data === undefined) return asked.isWaiting ? <Waiting what={what} rows={rows} /> : null;
  const nothing = empty?.(asked.data);
  if (nothing) return <div class="body">{nothing}</div>;
  return (
    <div class={asked.isChanging ? "known changing" : "known"} aria-busy={asked.isChanging}>
      {children(asked.data)}
    </div>
  );
}

const SHOWN_AFTER_MS = 150;
const TOLD_AFTER_MS = 2000;

export function Waiting({ what, rows = 4 }: { what: string; rows?: number }) {
  const [stage, setStage] = useState(0);
  useEffect(() => {
    const timers = [setTimeout(() => setStage(1), SHOWN_AFTER_MS), setTimeout(() => setStage(2), TOLD_AFTER_MS)];
    return () => timers.forEach(clearTimeout);
  }, []);
  if (stage === 0) return <div class="body" />;
  return (
    <div class="body" aria-busy="true">
      <Skeleton rows={rows} />
      <p class={stage === 2 ? "hint" : "vh"}>Waiting for {what}</p>
    </div>
  );
}

export function Skeleton({ rows }: { rows: number }) {
  return (
    <div class="skel" aria-hidden="true">
      {Array.from({ length: rows }, (_, n) => (
        <p key={n}>
          <i />
          <i />
          <i />
        </p>
      ))}
    </div>
  );
}

export function ProblemNote({ problem, again }: { problem: Problem; again?: () => void }) {
  const said = problem.document;
  if (problem.status === 404) return <Missing what={said.detail} fix={said.fix} />;
  return (
    <div class="body">
      <div class="note bad" role="alert">
        <Icon name="error" />
        <div>
          <b>{sentence(said.detail || said.title)}</b> {said.fix && sentence(said.fix)}
          <br />
          <span class="muted">
            {said.code}
            {said.request_id && (
              <>
                {" · request "}
                <span class="mono">{said.request_id}</span>
              </>
            )}
          </span>
          {said.problems && (
            <ul>
              {said.problems.slice(0, 20).map((one, n) => (
                <li key={n}>{[one.path, one.message, one.fix].filter(Boolean).join(": ")}</li>
              ))}
            </ul>
          )}
        </div>
      </div>
      <p class="acts">
        {again && (
          <button class="btn sm" onClick={again}>
            <Icon name="again" small />
            Try again
          </button>
        )}
        <button class="btn sm" onClick={() => copyText(JSON.stringify(said, null, 2), "What went wrong is copied")}>
          <Icon name="copy" small />
          Copy for support
        </button>
      </p>
    </div>
  );
}

/** Not there and not allowed are told in the same words. */
export function Missing({ what, fix }: { what: string; fix?: string }) {
  return (
    <div class="body">
      <div class="note" role="status">
        <Icon name="warning" />
        <div>
          <b>{sentence(what).replace(/\.$/, "")}, or you may not see it.</b> {fix && sentence(fix)}
        </div>
      </div>
    </div>
  );
}

/** Nothing yet: one sentence why, one action. */
export function Empty({ title, children, action }: { title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="empty">
      <p>
        <b>{title}</b>
      </p>
      {children && <p class="sec">{children}</p>}
      {action}
    </div>
  );
}

/** What this run was not asked for, and the way to ask. */
export function NotInRun({ measure, run, again }: { measure: string; run: string; again?: ComponentChildren }) {
  return (
    <div class="body">
      <div class="note info">
        <Icon name="info" />
        <div>
          <b>
            {measure} was not asked for in run {run}.
          </b>
        </div>
      </div>
      {again}
    </div>
  );
}

/** What this run was not made for, as the server says it: nothing is wrong, and nothing is to be tried again. */
export function Lacking({ problem }: { problem: Problem }) {
  const { detail, title, fix } = problem.document;
  return (
    <div class="body">
      <div class="note info">
        <Icon name="info" />
        <div>
          <b>{sentence(detail || title)}</b> {fix && sentence(fix)}
        </div>
      </div>
    </div>
  );
}

/** Refused for what was asked, not for what failed. */
export function isLacking(problem: Problem | undefined): problem is Problem {
  return problem !== undefined && [400, 409, 422].includes(problem.status);
}

export function sentence(text: string): string {
  const said = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(said) ? said : `${said}.`;
}

export function useAnnounced(text: string | undefined): void {
  useEffect(() => {
    if (text) announce(text);
  }, [text]);
}
