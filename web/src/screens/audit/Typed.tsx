/** The same, typed: a command to copy. */
import { Icon } from "../../parts/Icon";
import { tell } from "../../shell/announce";

export function Typed({ text }: { text: string }) {
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    tell("Copied");
  };
  return (
    <p class="typed">
      <code class="mono">{text}</code>
      <button type="button" class="btn sm" aria-label={`Copy ${text}`} onClick={() => void copy()}>
        <Icon name="copy" small />
        Copy
      </button>
    </p>
  );
}
