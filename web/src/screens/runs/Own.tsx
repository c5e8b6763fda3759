/** A scenario of one's own, beside those of the catalogue, with what it does to the market drawn at once. */
import type { MarketDocument, Shock } from "../../api/working";
import { Builder } from "../../shocks/Builder";
import { wrongId } from "../../shocks/kinds";
import { matchedInWords, PreviewCurves, PreviewRows } from "../../shocks/Preview";
import { preview } from "../../shocks/preview";
import { CheckBox } from "./CheckBox";

export interface OwnScenario {
  isOn: boolean;
  id: string;
  shocks: Shock[];
}

interface OwnProps {
  own: OwnScenario;
  onChange(own: OwnScenario): void;
  market: MarketDocument | undefined;
  /** The catalogue has one of this id: the new one is its next version. */
  versions: number;
  error: string | undefined;
}

const NOTHING_SEEN = { curves: [], matched: 0, others: [], errors: new Map<number, string>() };

export function Own({ own, onChange, market, versions, error }: OwnProps) {
  const seen = market ? preview(market, own.shocks) : NOTHING_SEEN;
  const wrong = own.isOn ? (error ?? wrongId(own.id)) : null;
  return (
    <div class="mine" role="group" aria-label="A scenario of your own">
      <CheckBox checked={own.isOn} label="A scenario of your own" onChange={(isOn) => onChange({ ...own, isOn })}>
        <b>A scenario of your own</b>
      </CheckBox>
      <label class={`inp${wrong ? " er" : ""}`}>
        <span class="muted">id</span>
        <input class="mono" id="own-id" aria-label="Id of your scenario" aria-invalid={wrong ? true : undefined} aria-describedby={wrong ? "own-wrong" : undefined} spellcheck={false} value={own.id} onInput={(event) => onChange({ ...own, isOn: true, id: event.currentTarget.value })} />
        {versions > 0 && <span class="muted">makes @{versions + 1}</span>}
      </label>
      {wrong && (
        <p class="wrong" id="own-wrong" role="alert">
          {wrong}
        </p>
      )}
      <Builder shocks={own.shocks} errors={seen.errors} onChange={(shocks) => onChange({ ...own, isOn: true, shocks })} />
      {seen.curves.length > 0 && (
        <p class="hint spread">
          <span>zero rates, %</span>
          <span>{matchedInWords(seen, 1)}</span>
        </p>
      )}
      <PreviewCurves seen={seen} most={1} width={276} />
      <PreviewRows seen={seen} />
    </div>
  );
}
