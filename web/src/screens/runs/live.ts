/** A run as it happens (of one id: another is another component): its document, then its events from one stream, which goes on by itself where it was cut off. */
import { useEffect, useState } from "preact/hooks";
import { forget } from "../../api/asking";
import { question } from "../../api/client";
import { noAnswer, Problem } from "../../api/problem";
import type { Progress, RunEvent, WorkedRun } from "../../api/working";
import { announce } from "../../shell/announce";
import { learnRuns, runs } from "../../state/book";

const TOPICS = [
  "run.requested", "run.planned", "run.chunk_failed", "run.retried", "run.completed", "run.failed",
  "run.cancelled", "run.approved", "run.rejected", "run.published", "run.archived", "run.restored",
];
const UNSETTLED = ["REQUESTED", "PLANNED", "RUNNING"];
const MOST_SAMPLES = 400;

export interface Sample {
  at: number;
  done: number;
}

export interface Live {
  run: WorkedRun | undefined;
  events: RunEvent[];
  problem: Problem | undefined;
  isLive: boolean;
  /** Chunks done by the clock, since this page looks. */
  samples: Sample[];
  again(): void;
}

export function isUnderWay(run: WorkedRun): boolean {
  return UNSETTLED.includes(run.status) || (/^COMPLETED/.test(run.status) && !run.queryable);
}

export function useRun(id: string): Live {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<Omit<Live, "again">>(EMPTY);
  useEffect(() => {
    let isOver = false;
    let stream: EventSource | undefined;
    const change = (how: (before: Omit<Live, "again">) => Partial<Live>) => {
      if (!isOver) setState((before) => ({ ...before, ...how(before) }));
    };
    const begin = async () => {
      try {
        const run = await question<WorkedRun, "/api/v1/orchestrator/runs/{run_id}">("/api/v1/orchestrator/runs/{run_id}", { path: { run_id: id } }).ask();
        change(() => ({ run, problem: undefined })); // what was shown stays until then, and so does a dialog over it
        if (isOver) return;
        if (isUnderWay(run)) stream = follow(run.run_id, change);
        else {
          const events = await question<RunEvent[], "/api/v1/orchestrator/runs/{run_id}/history">("/api/v1/orchestrator/runs/{run_id}/history", { path: { run_id: run.run_id } }).ask();
          change(() => ({ events }));
        }
      } catch (error) {
        change(() => ({ problem: error instanceof Problem ? error : noAnswer() }));
      }
    };
    void begin();
    return () => {
      isOver = true;
      stream?.close();
    };
  }, [id, turn]);
  return { ...state, again: () => setTurn((n) => n + 1) };
}

const EMPTY: Omit<Live, "again"> = { run: undefined, events: [], problem: undefined, isLive: false, samples: [] };

function follow(id: string, change: (how: (before: Omit<Live, "again">) => Partial<Live>) => void): EventSource {
  const stream = new EventSource(`/api/v1/orchestrator/runs/${encodeURIComponent(id)}/events`);
  let told = -1;
  stream.onopen = () => change(() => ({ isLive: true }));
  stream.onerror = () => change(() => ({ isLive: false }));
  for (const topic of TOPICS) {
    stream.addEventListener(topic, (message) => {
      const event = JSON.parse((message as MessageEvent<string>).data) as RunEvent;
      change((before) => (before.events.some((one) => one.event_position === event.event_position) ? {} : { events: [...before.events, event] }));
    });
  }
  stream.addEventListener("progress", (message) => {
    const said = JSON.parse((message as MessageEvent<string>).data) as Progress;
    if (told < 0 && !runs.value?.rows.some((one) => one.run_id === said.run_id)) relist();
    const tenth = said.progress.chunks ? Math.floor((10 * said.progress.chunks_done) / said.progress.chunks) : 0;
    if (tenth !== told) announce(`${10 * tenth} percent done`);
    told = tenth;
    change((before) => ({
      run: before.run && { ...before.run, status: said.status, progress: said.progress },
      samples: [...before.samples, { at: Date.now(), done: said.progress.chunks_done }].slice(-MOST_SAMPLES),
    }));
  });
  stream.addEventListener("end", (message) => {
    const run = JSON.parse((message as MessageEvent<string>).data) as WorkedRun;
    stream.close();
    change(() => ({ run, isLive: false }));
    relist();
  });
  return stream;
}

function relist(): void {
  forget("orchestrator/runs");
  void learnRuns();
}

/** Chunks a second between each sample and the one a second or more before; null until there are two. */
export function pacesOf(samples: Sample[]): number[] {
  const paces: number[] = [];
  let before = samples[0];
  for (const sample of samples.slice(1)) {
    if (!before || sample.at - before.at < 1000) continue;
    paces.push(((sample.done - before.done) * 1000) / (sample.at - before.at));
    before = sample;
  }
  return paces;
}
