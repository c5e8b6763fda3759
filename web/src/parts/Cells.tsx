/** What a cell of figures holds: a number with its full value as title, or a blank with its reason. */
import type { ComponentChildren } from "preact";
import { blankOf, type Blank } from "../numbers/blanks";
import { exact, change as changeOf } from "../numbers/format";
import { write, writing } from "../numbers/measures";
import { Size } from "./Size";

export function Gap({ blank }: { blank: Blank }) {
  return (
    <span class={blank.isQuiet ? "na" : "na left"} title={blank.why}>
      {blank.shown}
    </span>
  );
}

interface NumberProps {
  measure: string;
  value: number | null | undefined;
  reason?: string | null;
  on?: "tree" | "position";
}

export function Num({ measure, value, reason, on = "tree" }: NumberProps) {
  if (value === null || value === undefined) return <Gap blank={blankOf(reason)} />;
  const isLoss = value < 0 && writing(measure, on).isAmount;
  return (
    <span class={isLoss ? "neg" : undefined} title={exact(value)}>
      {write(measure, value, on)}
    </span>
  );
}

/** A change with a bar around zero, as long as its share of the widest. */
export function Delta({ value, widest, scale, digits }: { value: number | null; widest: number; scale: number; digits: number }) {
  if (value === null) return <Gap blank={blankOf(null)} />;
  const share = widest > 0 ? Math.min(1, Math.abs(value) / widest) : 0;
  return (
    <span class={value < 0 ? "neg" : undefined} title={exact(value)}>
      <span class="dv" aria-hidden="true">
        <Size as="i" class={value < 0 ? "n" : "p"} width={`${share * 48}%`} />
      </span>
      <span class="dn">{changeOf(value / scale, digits)}</span>
    </span>
  );
}

export function Chip({ kind = "", square = false, children }: { kind?: string; square?: boolean; children: ComponentChildren }) {
  return <span class={`chip ${kind}${square ? " sq" : ""}`}>{children}</span>;
}
