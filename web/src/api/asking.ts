/** Questions as components see them: what is known, what is being waited for, what went wrong. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, noAnswer } from "./problem";
import type { Question } from "./client";

export interface Asked<T> {
  /** The newest answer; while another question is on its way, still the one before. */
  data: T | undefined;
  problem: Problem | undefined;
  isWaiting: boolean;
  /** Old figures are shown while new ones come. */
  isChanging: boolean;
  again(): void;
}

const MOST_KEPT = 80;
const kept = new Map<string, Promise<unknown>>();
const known = new Map<string, unknown>();

/** One request for the same question, and its answer for as long as the tab has room. */
export function answerTo<T>(question: Question<T>): Promise<T> {
  const before = kept.get(question.key) as Promise<T> | undefined;
  if (before) return before;
  const asked = question.ask();
  kept.set(question.key, asked);
  asked.then(
    (answer) => known.set(question.key, answer),
    () => kept.delete(question.key),
  );
  for (const key of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(key);
    known.delete(key);
  }
  return asked;
}

/** What is asked anew next time; all of it where no beginning is given. */
export function forget(beginning = ""): void {
  for (const key of [...kept.keys()]) {
    if (!key.includes(beginning)) continue;
    kept.delete(key);
    known.delete(key);
  }
}

export function useAsk<T>(question: Question<T> | null): Asked<T> {
  const key = question?.key ?? "";
  const [, redraw] = useState(0);
  const [turn, setTurn] = useState(0);
  const held = useRef<{ key: string; data: T | undefined; problem: Problem | undefined }>({
    key: "",
    data: undefined,
    problem: undefined,
  });
  if (question && held.current.key !== key && known.has(key)) {
    held.current = { key, data: known.get(key) as T, problem: undefined };
  }
  useEffect(() => {
    if (!question) return;
    let isOver = false;
    answerTo(question).then(
      (data) => {
        if (isOver || (held.current.key === key && held.current.data === data)) return;
        held.current = { key, data, problem: undefined };
        redraw((n) => n + 1);
      },
      (error: unknown) => {
        if (isOver) return;
        held.current = { key, data: undefined, problem: error instanceof Problem ? error : noAnswer() };
        redraw((n) => n + 1);
      },
    );
    return () => {
      isOver = true;
    };
  }, [key, turn]);
  const isHere = held.current.key === key;
  return {
    data: question ? held.current.data : undefined,
    problem: isHere ? held.current.problem : undefined,
    isWaiting: question !== null && !isHere && held.current.data === undefined,
    isChanging: question !== null && !isHere && held.current.data !== undefined,
    again: () => {
      kept.delete(key);
      known.delete(key);
      held.current = { key: "", data: undefined, problem: undefined };
      setTurn((n) => n + 1);
    },
  };
}
