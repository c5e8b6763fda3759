/** Shocks in their order: kind, pattern, size; added, taken away and moved, by mouse and by keys. */
import type { Shock } from "../api/working";
import { Icon } from "../parts/Icon";
import { announce } from "../shell/announce";
import { kindOf, SHOCK_KINDS, termOf, withTerm, wrongOf, type Term } from "./kinds";

interface BuilderProps {
  shocks: Shock[];
  onChange(shocks: Shock[]): void;
  /** By place: what a shock names and the market does not have. */
  errors: Map<number, string>;
  disabled?: boolean;
}

export function Builder({ shocks, onChange, errors, disabled }: BuilderProps) {
  const put = (n: number, shock: Shock) => onChange(shocks.map((one, m) => (m === n ? shock : one)));
  const move = (n: number, by: number) => {
    const to = n + by;
    if (to < 0 || to >= shocks.length) return;
    const next = [...shocks];
    next.splice(to, 0, ...next.splice(n, 1));
    onChange(next);
    announce(`${next[to]!.kind} is now number ${to + 1} of ${next.length}`);
  };
  return (
    <div class="shs">
      {shocks.map((shock, n) => (
        <Row
          key={n}
          shock={shock}
          n={n}
          last={shocks.length - 1}
          error={wrongOf(shock) ?? errors.get(n)}
          disabled={disabled}
          onChange={(next) => put(n, next)}
          onMove={(by) => move(n, by)}
          onDropped={(from) => move(from, n - from)}
          onRemove={() => onChange(shocks.filter((_, m) => m !== n))}
        />
      ))}
      <button type="button" class="btn ghost sm add" disabled={disabled} onClick={() => onChange([...shocks, SHOCK_KINDS[0]!.start])}>
        <Icon name="plus" small />
        Add a shock
      </button>
    </div>
  );
}

interface RowProps {
  shock: Shock;
  n: number;
  last: number;
  error: string | undefined;
  disabled?: boolean;
  onChange(shock: Shock): void;
  onMove(by: number): void;
  onDropped(from: number): void;
  onRemove(): void;
}

function Row({ shock, n, last, error, disabled, onChange, onMove, onDropped, onRemove }: RowProps) {
  const kind = kindOf(shock);
  const name = `Shock ${n + 1}, ${shock.kind}`;
  const onKey = (event: KeyboardEvent) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    onMove(event.key === "ArrowUp" ? -1 : 1);
  };
  return (
    <div
      class="shkrow"
      role="group"
      aria-label={name}
      onKeyDown={onKey}
      draggable={!disabled && last > 0}
      onDragStart={(event) => event.dataTransfer?.setData("text/plain", String(n))}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        const from = Number(event.dataTransfer?.getData("text/plain"));
        if (Number.isInteger(from) && from !== n) onDropped(from);
      }}
    >
      <div class="shk">
        {kind ? (
          <select
            class="inp kind"
            aria-label={`Kind of shock ${n + 1}`}
            disabled={disabled}
            value={shock.kind}
            onChange={(event) => onChange(SHOCK_KINDS.find((one) => one.kind === event.currentTarget.value)!.start)}
          >
            {SHOCK_KINDS.map((one) => (
              <option key={one.kind} value={one.kind} title={one.what}>
                {one.kind}
              </option>
            ))}
          </select>
        ) : (
          <span class="inp kind" title="made from a file; it can be kept or taken out">
            {shock.kind}
          </span>
        )}
        {kind?.terms.map((term) => (
          <TermField key={term.name} term={term} value={termOf(shock, term.name)} n={n} disabled={disabled} isWrong={Boolean(error)} onChange={(typed) => onChange(withTerm(shock, term, typed))} />
        ))}
        <span class="grow" />
        {last > 0 && (
          <>
            <button type="button" class="icb" aria-label={`Move shock ${n + 1} up`} aria-keyshortcuts="Alt+ArrowUp" disabled={disabled || n === 0} onClick={() => onMove(-1)}>
              <Icon name="up" small />
            </button>
            <button type="button" class="icb" aria-label={`Move shock ${n + 1} down`} aria-keyshortcuts="Alt+ArrowDown" disabled={disabled || n === last} onClick={() => onMove(1)}>
              <Icon name="down" small />
            </button>
          </>
        )}
        <button type="button" class="icb" aria-label={`Remove shock ${n + 1}`} disabled={disabled} onClick={onRemove}>
          <Icon name="close" small />
        </button>
      </div>
      {error && (
        <p class="wrong" id={`shock-${n}-wrong`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

interface FieldProps {
  term: Term;
  value: string;
  n: number;
  disabled?: boolean;
  isWrong: boolean;
  onChange(typed: string): void;
}

function TermField({ term, value, n, disabled, isWrong, onChange }: FieldProps) {
  const said = { "aria-label": `${term.label} of shock ${n + 1}${term.unit ? `, ${term.unit}` : ""}`, "aria-invalid": isWrong || undefined, "aria-describedby": isWrong ? `shock-${n}-wrong` : undefined };
  return (
    <label class={`inp term ${term.width ?? ""}${isWrong ? " er" : ""}`}>
      <span class="muted">{term.width === "narrow" ? "" : term.label.toLowerCase()}</span>
      {term.kind === "choice" ? (
        <select {...said} disabled={disabled} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {term.choices!.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      ) : (
        <input {...said} disabled={disabled} value={value} inputMode={term.kind === "number" ? "decimal" : undefined} spellcheck={false} onInput={(event) => onChange(event.currentTarget.value)} />
      )}
      {term.unit && <span class="muted">{term.unit}</span>}
    </label>
  );
}
