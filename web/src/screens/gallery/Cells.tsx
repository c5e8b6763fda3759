/** Cells, none of which is ever empty. */
import type { ComponentChildren } from "preact";
import { blankOf, type Blank } from "../../numbers/blanks";
import { change, level } from "../../numbers/format";
import { Gap } from "../../parts/Cells";
import { Panel } from "../../parts/Panel";

const REASONS: [code: string, words: string][] = [
  ["NOT_APPLICABLE", "no option, so no vega"],
  ["MISSING_MARKET_DATA", "which fixing"],
  ["UNSUPPORTED", "what of it is"],
  ["INVALID_TERMS", "which column"],
  ["DID_NOT_CONVERGE", "between which bounds"],
];

export function Cells({ close }: { close: Blank }) {
  const shown: [cell: ComponentChildren, words: string][] = [
    [level(27_961_135, 0), "a figure"],
    [<span class="neg">{change(-5.8, 1)}</span>, "a loss: colour and sign"],
    [change(3.2, 1), "a gain: sign"],
    [<span class="muted">{change(0, 1)}</span>, "nothing moved"],
    ...REASONS.map(([code, words]): [ComponentChildren, string] => [<Gap blank={blankOf(code)} />, `${code}: ${words}`]),
    [<span class="neg">≈ {change(-24.7, 1)}</span>, "an estimate: never exported"],
    [<Gap blank={close} />, "too close to zero for a percentage"],
    [<span class="na">no effect</span>, "the scenario leaves it as it is"],
  ];
  return (
    <Panel title="Cells" unit="never empty">
      <dl class="body cellsof">
        {shown.map(([cell, words]) => (
          <div key={words}>
            <dt class="num">{cell}</dt>
            <dd class="sec">{words}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
