/** A few ways to see the same, one of which is chosen. */
import type { ComponentChildren } from "preact";

interface SegProps {
  label: string;
  value: string;
  choices: [value: string, name: ComponentChildren][];
  onChoose(value: string): void;
  isSmall?: boolean;
}

export function Seg({ label, value, choices, onChoose, isSmall }: SegProps) {
  return (
    <span class={isSmall ? "seg sm" : "seg"} role="group" aria-label={label}>
      {choices.map(([one, name]) => (
        <button key={one} type="button" aria-pressed={one === value} onClick={() => onChoose(one)}>
          {name}
        </button>
      ))}
    </span>
  );
}
