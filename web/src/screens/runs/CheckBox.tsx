/** A box to tick: drawn like the mock-ups', with a real one under it for keys and readers. */
import type { ComponentChildren } from "preact";
import { Icon } from "../../parts/Icon";

interface CheckBoxProps {
  checked: boolean;
  label?: string;
  disabled?: boolean;
  onChange(checked: boolean): void;
  children?: ComponentChildren;
}

export function CheckBox({ checked, label, disabled, onChange, children }: CheckBoxProps) {
  return (
    <label class="check tick">
      <input type="checkbox" class="vh" aria-label={label} checked={checked} disabled={disabled} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span class={checked ? "box on" : "box"} aria-hidden="true">
        {checked && <Icon name="tick" />}
      </span>
      {children}
    </label>
  );
}
