/** Whether the figures are complete, how far the log is, and what is newer. */
import { useEffect, useState } from "preact/hooks";
import { ago, clock, count, counted, duration, short } from "../numbers/format";
import { place, set } from "../place";
import { audit, isPast, newer, run, showNewer } from "../state/book";
import { said } from "./announce";

export function Foot() {
  const now = useClock();
  const past = place.value.query.as_of_event;
  const seal = audit.value?.last_checkpoint;
  return (
    <footer class={isPast.value ? "foot past" : "foot"}>
      {isPast.value ? (
        <span>
          <b>You are looking at the past</b>, as the log stood at event {past}.{" "}
          <button type="button" class="text" onClick={() => set({ as_of_event: null })}>
            Back to now
          </button>
        </span>
      ) : (
        run.value && <Completeness />
      )}
      {audit.value && (
        <span class="wide">
          Log at <b>{count(audit.value.head_position)}</b>
        </span>
      )}
      {seal && (
        <span class="wide">
          Sealed to <b>{count(seal.last_position)}</b>, {ago(seal.sealed_at, now)}
        </span>
      )}
      {said.value && <span class="said">{said.value}</span>}
      {newer.value && (
        <span>
          Run <b class="mono">{short(newer.value.run_id)}</b> is there:{" "}
          <button type="button" class="text" onClick={showNewer}>
            show it
          </button>
        </span>
      )}
      <span class="grow" />
      {run.value?.seconds != null && (
        <span class="wide">
          This run <b>{duration(run.value.seconds)}</b> for {count(run.value.results)} results
        </span>
      )}
      <span>
        Times in UTC · <b>{clock(now)}</b>
      </span>
    </footer>
  );
}

function Completeness() {
  const left = (run.value?.failed ?? 0) + (run.value?.partial ?? 0);
  return (
    <span>
      <i class={left ? "dot warn" : "dot"} />
      {left ? `Figures leave out ${counted(left, "position")}` : "Figures complete"}
    </span>
  );
}

const TICK_MS = 10_000;

function useClock(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
