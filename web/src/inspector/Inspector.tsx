/** Where a number came from, as a drawer over any screen. The address says which: `inspect=P00005022.PV`. */
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { query, set } from "../place";
import { run, scenario } from "../state/book";
import { copyText } from "../shell/announce";
import { PositionChain } from "./Chain";
import { lookedAt, ways, type Looked } from "./question";
import { NodeTotal } from "./Total";

export function Inspector() {
  const looked = lookedAt(query.value.inspect);
  if (!looked || !run.value) return null;
  return (
    <Dialog label="Where this number came from" kind="drawer" onClose={() => set({ inspect: null })}>
      <header class="dhead">
        <h2>Where this number came from</h2>
        <span class="grow" />
        <CopyAs looked={looked} />
        <button type="button" class="icb" aria-label="Close" onClick={() => set({ inspect: null })}>
          <Icon name="close" />
        </button>
      </header>
      <Looking looked={looked} />
    </Dialog>
  );
}

export function Looking({ looked }: { looked: Looked }) {
  const shown = run.value!;
  return looked.of === "node" ? (
    <NodeTotal run={shown} node={looked.id} measure={looked.measure} scenario={scenario.value} />
  ) : (
    <PositionChain runId={shown.run_id} position={looked.id} measure={looked.measure} scenario={scenario.value} />
  );
}

export function CopyAs({ looked }: { looked: Looked }) {
  const texts: [string, string][] = [["Link", location.href], ...ways(looked, run.value!.run_id, scenario.value, location.origin)];
  return (
    <>
      <span class="muted">Copy as</span>
      <span class="seg sm" role="group" aria-label="Copy as">
        {texts.map(([name, text]) => (
          <button key={name} type="button" onClick={() => void copyText(text, `${name} is copied`)}>
            {name}
          </button>
        ))}
      </span>
    </>
  );
}
