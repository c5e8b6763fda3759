/** The strip of six figures: label, figure and unit, one line of context. */
import type { ComponentChildren } from "preact";

export interface Figure {
  label: string;
  value: ComponentChildren;
  unit?: string;
  context?: ComponentChildren;
  title?: string;
  isWords?: boolean;
}

export function Figures({ figures }: { figures: (Figure | null | false | undefined)[] }) {
  const shown = figures.filter((one): one is Figure => Boolean(one));
  if (!shown.length) return null;
  return (
    <dl class="figs">
      {shown.map((one) => (
        <div class="fig" key={one.label}>
          <dt>{one.label}</dt>
          <dd title={one.title} class={one.isWords ? "words" : undefined}>
            {one.value}
            {one.unit && <small>{one.unit}</small>}
          </dd>
          <dd>{one.context ?? " "}</dd>
        </div>
      ))}
    </dl>
  );
}
