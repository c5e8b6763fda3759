/** A figure with heat behind it: never heat alone. Nine steps of the gain's and the loss's ground. */
import { exact } from "../numbers/format";

interface HeatProps {
  value: number;
  widest: number;
  shown: string;
}

const STEPS = 9;

export function Heat({ value, widest, shown }: HeatProps) {
  const share = widest > 0 ? Math.sqrt(Math.abs(value) / widest) : 0;
  const step = /[1-9]/.test(shown) ? Math.max(1, Math.round(share * STEPS)) : 0;
  const kind = step === 0 ? "z" : value < 0 ? `heat l${step} neg` : `heat g${step}`;
  return (
    <span class={kind} title={exact(value)}>
      {shown}
    </span>
  );
}
