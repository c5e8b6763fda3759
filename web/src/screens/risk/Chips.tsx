/** What positions are looked at: conditions as chips, each taken away by itself. */
import { Icon } from "../../parts/Icon";
import { choose } from "../../place";
import { conditionsOf, joined } from "./grouping";

export function Chips({ where, measured }: { where: string; measured: string[] }) {
  const parts = conditionsOf(where);
  const without = (n: number) => joined(...parts.filter((_, at) => at !== n));
  const ofResults = parts.some((one) => measured.some((name) => new RegExp(`^(not\\s+)?\\(?${name}\\b`, "i").test(one)) || /^(status|reason)\b/.test(one));
  return (
    <div class="chips" role="group" aria-label="Filter">
      {parts.map((one, n) => (
        <span key={one} class="fchip">
          <code class="mono">{one}</code>
          <button type="button" class="icb" aria-label={`Take away ${one}`} onClick={() => choose({ where: without(n) })}>
            <Icon name="close" small />
          </button>
        </span>
      ))}
      {parts.length > 1 && (
        <button type="button" class="text" onClick={() => choose({ where: null })}>
          Take all away
        </button>
      )}
      {ofResults && <span class="hint">A condition on results holds under each scenario by itself: a change may be between different positions.</span>}
    </div>
  );
}
