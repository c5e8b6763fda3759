/** What can be done with a run where it stands: cancel, retry, approve, reject, publish. Publishing asks once. */
import { useState } from "preact/hooks";
import { command } from "../../api/client";
import { noAnswer, Problem } from "../../api/problem";
import type { RunEvent, WorkedRun } from "../../api/working";
import { forget } from "../../api/asking";
import { Dialog } from "../../parts/Dialog";
import { Icon, type IconName } from "../../parts/Icon";
import { ProblemNote } from "../../parts/Panel";
import { count, counted, day, short } from "../../numbers/format";
import { isPast, learnRuns, portfolioName, renew } from "../../state/book";
import { may, me } from "../../state/session";
import { tell } from "../../shell/announce";
import { isUnderWay } from "./live";

type Action = "cancel" | "retry" | "approve" | "reject" | "publish";

interface Deed {
  name: string;
  icon: IconName;
  operation: string;
  done: string;
  path: "/api/v1/orchestrator/runs/{run_id}/cancel" | "/api/v1/orchestrator/runs/{run_id}/retry" | "/api/v1/orchestrator/runs/{run_id}/approve" | "/api/v1/orchestrator/runs/{run_id}/reject" | "/api/v1/orchestrator/runs/{run_id}/publish";
}

const DEEDS: Record<Action, Deed> = {
  cancel: { name: "Cancel run", icon: "stop", operation: "orchestrator_cancel_run", done: "cancelled", path: "/api/v1/orchestrator/runs/{run_id}/cancel" },
  retry: { name: "Retry", icon: "again", operation: "orchestrator_retry_run", done: "tried again", path: "/api/v1/orchestrator/runs/{run_id}/retry" },
  approve: { name: "Approve", icon: "tick", operation: "orchestrator_approve_run", done: "approved", path: "/api/v1/orchestrator/runs/{run_id}/approve" },
  reject: { name: "Reject", icon: "close", operation: "orchestrator_reject_run", done: "rejected", path: "/api/v1/orchestrator/runs/{run_id}/reject" },
  publish: { name: "Publish", icon: "audit", operation: "orchestrator_publish_run", done: "published", path: "/api/v1/orchestrator/runs/{run_id}/publish" },
};

/** What fits the state, the one that is wanted most last. */
export function actionsOf(run: WorkedRun): Action[] {
  if (["REQUESTED", "PLANNED", "RUNNING"].includes(run.status)) return ["cancel"];
  if (isUnderWay(run)) return [];
  const retry: Action[] = run.progress.failed_chunks.length && !["APPROVED", "PUBLISHED", "CANCELLED", "ARCHIVED"].includes(run.status) ? ["retry"] : [];
  if (run.status === "COMPLETED" || run.status === "COMPLETED_WITH_EXCEPTIONS") return [...retry, "reject", "approve"];
  if (run.status === "APPROVED") return ["reject", "publish"];
  return run.status === "FAILED" ? ["retry"] : retry;
}

const RUNNERS: Partial<Record<Action, string>> = { approve: "an approver does", reject: "an approver does", publish: "an approver does", retry: "an operator does", cancel: "an operator does" };

/** Why somebody who looks at this run cannot give the command now; nothing where they can. */
export function whyNot(action: Action, run: Pick<WorkedRun, "actor">, approvedBy: string | undefined): string | undefined {
  const { actor, role, four_eyes: asksTwo } = me.value;
  const name = DEEDS[action].name.toLowerCase();
  if (isPast.value) return "you are looking at the past";
  if (!may(DEEDS[action].operation)) return `as ${role} you may not ${name}: ${RUNNERS[action]}`;
  if (action === "cancel" && role === "analyst" && run.actor !== actor) return `asked for by ${run.actor}: an operator cancels what others asked for`;
  if (asksTwo && action === "approve" && run.actor === actor) return "asked by you: somebody else must approve";
  if (asksTwo && action === "publish" && approvedBy === actor) return "approved by you: somebody else must publish";
  return undefined;
}

/** Viewers and auditors change nothing: to them no command is shown. */
const ONLY_LOOK = ["viewer", "auditor"];

export function Decide({ run, events, onDone }: { run: WorkedRun; events: RunEvent[]; onDone(): void }) {
  const [asking, setAsking] = useState<Action | null>(null);
  const [refused, setRefused] = useState<{ action: Action; problem: Problem } | null>(null);
  const [isSending, setSending] = useState(false);
  const give = async (action: Action, reason?: string) => {
    setSending(true);
    setRefused(null);
    try {
      await command(DEEDS[action].path, { params: { path: { run_id: run.run_id } }, body: reason === undefined ? undefined : { reason }, key: crypto.randomUUID() });
      setAsking(null);
      tell(`Run ${short(run.run_id)} is ${DEEDS[action].done}`);
      forget("orchestrator/runs");
      void learnRuns();
      void renew(run.run_id);
      onDone();
    } catch (error) {
      setRefused({ action, problem: error instanceof Problem ? error : noAnswer() });
    } finally {
      setSending(false);
    }
  };
  const actions = ONLY_LOOK.includes(me.value.role) ? [] : actionsOf(run);
  const approvedBy = events.filter((one) => one.event === "run.approved").at(-1)?.actor;
  const reasons = new Map(actions.map((action) => [action, whyNot(action, run, approvedBy)]));
  const told = [...new Set([...reasons.values()].filter((one) => one !== undefined))];
  return (
    <>
      {told.length > 0 && (
        <span class="hint why" id="why-not">
          {told.join("; ")}
        </span>
      )}
      {refused && !asking && <span class="wrong refusal">{refused.problem.message}</span>}
      {actions.map((action, n) => {
        const { name, icon } = DEEDS[action];
        const asks = action === "reject" || action === "publish" || action === "approve";
        const why = reasons.get(action);
        return (
          <button
            key={action}
            type="button"
            class={`btn${n === actions.length - 1 && action !== "cancel" ? " pri" : ""}`}
            disabled={isSending || Boolean(why)}
            title={why}
            aria-describedby={why ? "why-not" : undefined}
            onClick={() => (asks ? setAsking(action) : void give(action))}
          >
            <Icon name={icon} small />
            {name}
          </button>
        );
      })}
      {asking && (
        <Ask
          action={asking}
          run={run}
          isSending={isSending}
          problem={refused?.action === asking ? refused.problem : undefined}
          onGive={(reason) => void give(asking, asking === "publish" ? undefined : reason)}
          onClose={() => {
            setAsking(null);
            setRefused(null);
          }}
        />
      )}
    </>
  );
}

interface AskProps {
  action: Action;
  run: WorkedRun;
  isSending: boolean;
  problem: Problem | undefined;
  onGive(reason: string): void;
  onClose(): void;
}

function Ask({ action, run, isSending, problem, onGive, onClose }: AskProps) {
  const [reason, setReason] = useState("");
  const [isWrong, setWrong] = useState(false);
  const deed = DEEDS[action];
  const left = run.failed ?? 0;
  const send = (event: Event) => {
    event.preventDefault();
    if (action === "reject" && !reason.trim()) {
      setWrong(true);
      document.getElementById("why")?.focus();
    } else onGive(reason.trim());
  };
  return (
    <Dialog label={`${deed.name} run ${short(run.run_id)}`} kind="sheet" onClose={onClose}>
      <form class="asked" onSubmit={send}>
        <h2>
          {deed.name} run <span class="mono">{short(run.run_id)}</span>
        </h2>
        <p class="sec">
          {portfolioName(run.portfolio_snapshot_id)} as of {day(run.as_of)}, {counted(run.positions, "position")} under {counted(run.scenarios.length, "scenario")}.{" "}
          {left ? <b class="left">{count(left)} of them are left out.</b> : "Nothing is left out."}
        </p>
        {action !== "publish" && (
          <div class="field">
            <label for="why">Reason{action === "approve" ? ", if there is one to tell" : ""}</label>
            <input id="why" class={`inp${isWrong ? " er" : ""}`} data-first value={reason} maxLength={10_000} aria-invalid={isWrong || undefined} aria-describedby={isWrong ? "why-wrong" : undefined} onInput={(event) => { setReason(event.currentTarget.value); setWrong(false); }} />
            {isWrong && (
              <p class="wrong" id="why-wrong" role="alert">
                A rejection says why: write a reason.
              </p>
            )}
          </div>
        )}
        {problem && <ProblemNote problem={problem} />}
        <p class="acts">
          <button class="btn pri" disabled={isSending} data-first={action === "publish" || undefined}>
            <Icon name={deed.icon} small />
            {deed.name}
          </button>
          <button type="button" class="btn" onClick={onClose}>
            Leave it
          </button>
        </p>
      </form>
    </Dialog>
  );
}
