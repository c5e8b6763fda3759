/** The run on the screen: one at a time, always named. */
import { computed, signal, effect } from "@preact/signals";
import { answerTo, forget } from "../api/asking";
import { pageOf, question, type Page } from "../api/client";
import { noAnswer, Problem } from "../api/problem";
import type { AuditStatus, RunDocument, RunLine, Snapshot } from "../api/shapes";
import { place, set } from "../place";
import { tell } from "../shell/announce";

export const runs = signal<Page<RunLine> | undefined>(undefined);
export const runsProblem = signal<Problem | undefined>(undefined);
export const run = signal<RunDocument | undefined>(undefined);
export const runProblem = signal<Problem | undefined>(undefined);
export const audit = signal<AuditStatus | undefined>(undefined);
export const portfolios = signal<Snapshot[]>([]);

const WITH_FIGURES = ["PUBLISHED", "APPROVED", "COMPLETED", "COMPLETED_WITH_EXCEPTIONS", "REJECTED"];

export function hasFigures(one: RunLine): boolean {
  return WITH_FIGURES.includes(one.status);
}

/** Without a run in the address: the newest published one, else the newest of those that were asked for most measures. */
export function chosenRun(address: string | undefined, list: RunLine[]): string | null {
  if (address) return address;
  const withFigures = list.filter(hasFigures);
  const most = Math.max(...withFigures.map((one) => one.measure_count));
  const chosen = withFigures.find((one) => one.status === "PUBLISHED") ?? withFigures.find((one) => one.measure_count === most);
  return chosen?.run_id ?? null;
}

export const runId = computed<string | null>(() => chosenRun(place.value.query.run, runs.value?.rows ?? []));

/** The scenario as the run holds it, `up100@1`; BASE where none is asked for or the run lacks it. */
export function heldScenario(asked: string | undefined, held: string[]): string {
  if (!asked || asked === "BASE") return "BASE";
  return held.find((one) => one === asked) ?? held.find((one) => one.split("@")[0] === asked.split("@")[0]) ?? "BASE";
}

export const scenario = computed(() => heldScenario(place.value.query.scenario, run.value?.scenarios ?? []));
export const against = computed(() => place.value.query.against || null);

/** Currencies that all of some node is in: what its figures can be shown in beside the run's own. */
export const currencies = signal<string[]>([]);

/** `up100@1` as `up100`. */
export function bare(scenario: string): string {
  return scenario.split("@")[0] ?? scenario;
}

export const isPast = computed(() => Boolean(place.value.query.as_of_event));

export const isSealed = computed(() => {
  const sealed = audit.value?.last_checkpoint?.last_position;
  return sealed !== undefined && run.value !== undefined && sealed >= run.value.event_position;
});

export const LIST_RUNS = pageOf<RunLine, "/api/v1/orchestrator/runs">("/api/v1/orchestrator/runs", {
  query: { limit: 200 },
});

export async function learnRuns(): Promise<void> {
  try {
    runs.value = await answerTo(LIST_RUNS);
    runsProblem.value = undefined;
  } catch (error) {
    runsProblem.value = error instanceof Problem ? error : noAnswer();
  }
}

export async function learnAudit(): Promise<void> {
  try {
    audit.value = await question<AuditStatus>("/api/v1/audit/status").ask();
  } catch {
    audit.value = undefined; // the foot then says nothing of seals
  }
}

export async function learnPortfolios(): Promise<void> {
  const asked = pageOf<Snapshot, "/api/v1/portfolio/snapshots">("/api/v1/portfolio/snapshots", { query: { limit: 200 } });
  try {
    portfolios.value = (await answerTo(asked)).rows;
  } catch {
    portfolios.value = [];
  }
}

export function runQuestion(id: string) {
  return question<RunDocument, "/api/v1/orchestrator/runs/{run_id}">("/api/v1/orchestrator/runs/{run_id}", {
    path: { run_id: id },
  });
}

const moment = computed(() => place.value.query.as_of_event ?? null);
let shownAt: string | null = null;

/** What each event makes of a run. */
const MADE: Record<string, string> = {
  "run.requested": "REQUESTED",
  "run.planned": "PLANNED",
  "run.retried": "RUNNING",
  "run.completed": "COMPLETED",
  "run.approved": "APPROVED",
  "run.published": "PUBLISHED",
  "run.rejected": "REJECTED",
  "run.failed": "FAILED",
  "run.cancelled": "CANCELLED",
  "run.archived": "ARCHIVED",
};

/** A run as it was known at an event; refused where it was not there, or had no figures yet. */
export function asItWas(document: RunDocument, events: { event: string }[], event: string): RunDocument {
  const known = events.filter((one) => one.event in MADE);
  const last = known.at(-1);
  if (!last) throw new Problem({ title: "Not found", status: 404, code: "NOT_FOUND", detail: `There is no run ${document.run_id} as of event ${event}`, fix: "go back to now, or to a later event" });
  const hadFigures = known.some((one) => one.event === "run.completed");
  const status = last.event === "run.completed" && document.failed ? "COMPLETED_WITH_EXCEPTIONS" : MADE[last.event]!;
  return { ...document, status, queryable: document.queryable && hadFigures };
}

async function learnRun(id: string, at: string | null): Promise<RunDocument> {
  const document = await answerTo(runQuestion(id));
  if (!at) return document;
  const events = await answerTo(question<{ event: string }[], "/api/v1/orchestrator/runs/{run_id}/history">("/api/v1/orchestrator/runs/{run_id}/history", { path: { run_id: id } }));
  const then = asItWas(document, events, at);
  if (!then.queryable && document.queryable) throw new Problem({ title: "No figures yet", status: 409, code: "RUN_NOT_QUERYABLE", detail: `Run ${id} had no figures as of event ${at}: it was ${then.status.toLowerCase()}`, fix: "go back to now, or to a later event" });
  return then;
}

/** The run's document follows the address, at another event of the log too. */
export function followRun(): void {
  effect(() => {
    const id = runId.value;
    const at = moment.value;
    if (!id) {
      run.value = undefined;
      return;
    }
    if (run.peek()?.run_id === id && shownAt === at) return;
    learnRun(id, at).then(
      (document) => {
        if (runId.value !== id || moment.value !== at) return;
        runProblem.value = undefined;
        shownAt = at;
        run.value = document;
      },
      (error: unknown) => {
        if (runId.value !== id || moment.value !== at) return;
        run.value = undefined;
        runProblem.value = error instanceof Problem ? error : noAnswer();
      },
    );
  });
}

/** The run on the screen, asked for anew where it is this one: a decision has changed it. */
export async function renew(id: string): Promise<void> {
  if (run.value?.run_id !== id) return;
  const document = await answerTo(runQuestion(id));
  if (run.value?.run_id === id) run.value = document;
}

/** Another run; what it does not hold is dropped, and said. */
export function showRun(id: string, held?: string[]): void {
  const asked = place.value.query.scenario;
  const dropped = asked && held && heldScenario(asked, held) === "BASE" ? asked : null;
  set({ run: id, against: place.value.query.against === id ? null : place.value.query.against });
  if (dropped) {
    set({ scenario: null });
    tell(`This run does not hold ${dropped}: BASE is shown`);
  }
}

const LOOK_EVERY_MS = 30_000;

/** A newer run is offered in the foot, never swapped in. */
export const newer = signal<RunLine | null>(null);

export function watchForNewer(): () => void {
  const timer = setInterval(async () => {
    if (document.visibilityState !== "visible") return;
    try {
      const page = await pageOf<RunLine, "/api/v1/orchestrator/runs">("/api/v1/orchestrator/runs", {
        query: { limit: 1 },
      }).ask();
      const first = page.rows[0];
      const known = runs.value?.rows[0];
      if (first && hasFigures(first) && first.run_id !== known?.run_id) newer.value = first;
      await learnAudit();
    } catch {
      // the next look tells whether the server is back
    }
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

export async function showNewer(): Promise<void> {
  const id = newer.value?.run_id;
  newer.value = null;
  forget("orchestrator/runs");
  await learnRuns();
  if (id) showRun(id);
}

/** How a portfolio is called: its name, else the first of its id. */
export function portfolioName(snapshotId: string): string {
  const found = portfolios.value.find((one) => one.snapshot_id === snapshotId);
  return found?.name || snapshotId.slice(0, 8);
}
