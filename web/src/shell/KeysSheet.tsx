/** The keys, and the switch that turns single letters off. */
import { Dialog } from "../parts/Dialog";
import { areKeysShown, areLettersOff, KEYS, turnLetters } from "./keys";

export function KeysSheet() {
  if (!areKeysShown.value) return null;
  return (
    <Dialog label="Keys" kind="sheet" onClose={() => (areKeysShown.value = false)}>
      <h2>Keys</h2>
      <dl class="dl keylist">
        {KEYS.map(([keys, what]) => (
          <>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </>
        ))}
      </dl>
      <label class="check">
        <input type="checkbox" checked={!areLettersOff.value} onChange={turnLetters} />
        Single letters are keys
      </label>
      <p class="acts">
        <button type="button" class="btn" data-first onClick={() => (areKeysShown.value = false)}>
          Close
        </button>
      </p>
    </Dialog>
  );
}
