/** What the reader is looking at, as a sentence: each part of it can be chosen. */
import type { ComponentChildren } from "preact";
import { Icon } from "../parts/Icon";
import { Listbox, type Choice } from "../parts/Listbox";
import { day, short } from "../numbers/format";
import { choose, link, place } from "../place";
import { against, audit, bare, currencies, hasFigures, isSealed, learnPortfolios, portfolioName, portfolios, run, runs, scenario, showRun } from "../state/book";
import { copyText } from "./announce";
import { openFind } from "./Find";
import { turnTheme } from "./theme";
import type { RunLine } from "../api/shapes";
import { statusInWords } from "./words";

export function ContextBar() {
  return (
    <header class="context" aria-label="What you are looking at">
      <a class="brand" href={link("/")}>
        <Icon name="mark" />
        <span>Tenor</span>
      </a>
      <div class="parts">
        {run.value && <Parts />}
      </div>
      <span class="grow" />
      <button type="button" class="find" aria-keyshortcuts="/" onClick={openFind}>
        <Icon name="find" />
        <span>Find or do anything</span>
        <kbd>/</kbd>
      </button>
      <button type="button" class="icb" aria-label="Copy a permanent link to this view" onClick={copyLink}>
        <Icon name="link" />
      </button>
      <button type="button" class="icb last" aria-label="Dark or light" onClick={turnTheme}>
        <Icon name="theme" />
      </button>
    </header>
  );
}

function Parts() {
  const shown = run.value!;
  const rows = runs.value?.rows ?? [];
  return (
    <>
      <Part name="Portfolio" value={portfolioName(shown.portfolio_snapshot_id)} onOpen={learnPortfolios} current={shown.portfolio_snapshot_id} choices={portfolioChoices(rows)} onChoose={(id) => showFirst(rows, (one) => one.portfolio_snapshot_id === id)} />
      <Part name="As of" value={day(shown.as_of)} current={shown.as_of} choices={dateChoices(rows)} onChoose={(date) => showFirst(rows, (one) => one.as_of === date)} />
      <Part
        name={`Run · ${statusInWords(shown.status)}`}
        id="list-run"
        value={
          <>
            <Seal />
            <span class="mono">{short(shown.run_id)}</span>
          </>
        }
        current={shown.run_id}
        choices={rows.map(runChoice)}
        onChoose={(id) => showRun(id)}
      />
      <Part name="Scenario" value={scenario.value} current={scenario.value} choices={shown.scenarios.map((one) => ({ value: one, label: one }))} onChoose={(one) => choose({ scenario: one === "BASE" ? null : one })} />
      <Part name="Against" isOff={!against.value} value={against.value ? <span class="mono">{short(against.value)}</span> : "nothing"} current={against.value ?? ""} choices={againstChoices(rows, shown)} onChoose={(id) => choose({ against: id || null })} />
      <Part name="Currency" value={currencyShown(shown.base_currency)} current={currencyShown(shown.base_currency)} choices={currencyChoices(shown.base_currency)} onChoose={(one) => choose({ ccy: one === shown.base_currency ? null : one })} />
    </>
  );
}

interface PartProps {
  name: string;
  id?: string;
  value: ComponentChildren;
  current: string;
  choices: Choice[];
  onChoose(value: string): void;
  onOpen?(): void;
  isOff?: boolean;
}

function Part({ name, id, value, current, choices, onChoose, onOpen, isOff }: PartProps) {
  return (
    <Listbox
      label={name}
      id={id ?? `list-${name.toLowerCase().replace(/\W+/g, "-")}`}
      class={isOff ? "ctx off" : "ctx"}
      value={current}
      choices={choices}
      onChoose={onChoose}
      onOpen={onOpen}
      button={
        <>
          <small>{name}</small>
          <b>
            {value}
            <Icon name="down" small />
          </b>
        </>
      }
    />
  );
}

function Seal() {
  if (!audit.value) return null;
  return isSealed.value ? (
    <span class="seal" title="Sealed and signed">
      <Icon name="audit" small />
    </span>
  ) : (
    <span class="unsealed" title="Not sealed yet">
      not sealed
    </span>
  );
}

function portfolioChoices(rows: RunLine[]): Choice[] {
  const ids = [...new Set(rows.filter(hasFigures).map((one) => one.portfolio_snapshot_id))];
  return ids.map((id) => {
    const snapshot = portfolios.value.find((one) => one.snapshot_id === id);
    return { value: id, label: portfolioName(id), hint: snapshot ? day(snapshot.as_of) : undefined };
  });
}

function dateChoices(rows: RunLine[]): Choice[] {
  const dates = [...new Set(rows.filter(hasFigures).map((one) => one.as_of))].sort().reverse();
  return dates.map((date) => ({ value: date, label: day(date) }));
}

function runChoice(one: RunLine): Choice {
  return {
    value: one.run_id,
    label: <span class="mono">{short(one.run_id)}</span>,
    text: one.run_id,
    hint: `${statusInWords(one.status)} · ${day(one.as_of)}`,
  };
}

function againstChoices(rows: RunLine[], shown: RunLine): Choice[] {
  const others = rows.filter((one) => hasFigures(one) && one.run_id !== shown.run_id && one.base_currency === shown.base_currency);
  return [{ value: "", label: "nothing" }, ...others.map(runChoice)];
}

function currencyShown(base: string): string {
  return (place.value.path === "/risk" && place.value.query.ccy) || base;
}

/** Beside the base currency those that whole nodes are in; told where the screen shows nodes. */
function currencyChoices(base: string): Choice[] {
  const own = place.value.path === "/risk" ? currencies.value.filter((one) => one !== base) : [];
  return [{ value: base, label: base, hint: "base currency of the run" }, ...own.map((one) => ({ value: one, label: one, hint: "where a node is all of it" }))];
}

function showFirst(rows: RunLine[], fits: (one: RunLine) => boolean): void {
  const fitting = rows.filter((one) => fits(one) && hasFigures(one));
  const found = fitting.find((one) => one.status === "PUBLISHED") ?? fitting[0];
  if (found) showRun(found.run_id);
}

/** With the whole id of the run, so that it never means another one. */
export function permanentLink(): string {
  const url = new URL(location.href);
  if (run.value) url.searchParams.set("run", run.value.run_id);
  return decodeURIComponent(url.toString().replace(/%(?!2C|40|3A|2F)/g, "%25"));
}

export function copyLink(): void {
  void copyText(permanentLink(), "The link is copied, with the full id of the run");
}

export { bare };
