/** A foreign file's columns, and what each goes to; what is required and has no source stands first and blocks the step. */
import { useState } from "preact/hooks";
import { useAsk } from "../../api/asking";
import { question } from "../../api/client";
import { Chip } from "../../parts/Cells";
import { Icon } from "../../parts/Icon";
import { Listbox } from "../../parts/Listbox";
import { Panel, ProblemNote, sentence, Waiting } from "../../parts/Panel";
import { counted } from "../../numbers/format";
import type { Problem } from "../../api/problem";
import { fileColumns, missingOf, withAnswer, withScale, withTarget, withValue, type FileColumn, type MappingDocument, type Proposed, type Target } from "./mapping";

export interface Reading {
  proposed: Proposed | null;
  /** Of one's own; null where one that is there already reads the file. */
  document: MappingDocument | null;
  named: string | null;
  book: string;
  asOf: string;
}

interface MapProps {
  file: string;
  reading: Reading;
  problem: Problem | undefined;
  isWaiting: boolean;
  cellsOf(source: string | number): string[];
  onChange(how: Partial<Reading>): void;
  onCheck(): void;
}

const COLUMNS = "/api/v1/ingestion/columns";
const MAPPINGS = "/api/v1/ingestion/mappings";

export function MapColumns({ file, reading, problem, isWaiting, cellsOf, onChange, onCheck }: MapProps) {
  const targets = useAsk(question<Target[], typeof COLUMNS>(COLUMNS));
  const mappings = useAsk(question<{ mapping_id: string; version: number; built_in?: boolean }[], typeof MAPPINGS>(MAPPINGS));
  const { proposed, document, named } = reading;
  const missing = proposed && document ? missingOf(proposed, document) : [];
  const [answers, setAnswers] = useState<Record<string, string>>({});
  const open = (proposed?.questions ?? []).filter((one) => !answers[one.path + one.message]);
  const why = named ? undefined : !document ? "nothing is proposed yet" : missing.length ? `${counted(missing.length, "required column has", "required columns have")} no source` : open.length ? "answer what is open" : undefined;
  const change = (next: MappingDocument) => onChange({ document: next });
  const tools = (
    <>
      <Listbox label="Mapping" class="btn sm" right value={named} choices={[{ value: "", label: "one of your own", hint: "below" }, ...(mappings.data ?? []).map((one) => ({ value: one.mapping_id, label: one.mapping_id, hint: one.built_in ? "built in" : `version ${one.version}` }))]} onChoose={(one) => onChange({ named: one || null })} button={<>Read by: {named ?? "one of your own"}<Icon name="down" small /></>} />
      <button type="button" class="btn pri sm" disabled={Boolean(why) || isWaiting} title={why} onClick={onCheck}>
        <Icon name="again" small />
        Check
      </button>
    </>
  );
  return (
    <div class="cols manage">
      <Panel title="Map columns" unit={named ? `${file} is read by ${named}` : proposed ? `${proposed.file}: what each column is taken for; the rest is kept as attributes` : file} tools={tools}>
        {problem && <ProblemNote problem={problem} />}
        {!named && !proposed && !problem && <Waiting what={`what the columns of ${file} may be`} rows={8} />}
        {named && <p class="body sec">Its own columns, units and dates are those of {named}. Check reads the file by it.</p>}
        {!named && proposed && document && (
          <div class="pgrid" tabIndex={0} role="group" aria-label="Columns of the file">
            {missing.length > 0 && <p class="body wrong" role="alert">{`${counted(missing.length, "required column has", "required columns have")} no source: name one value for all rows here, or choose it for a column below.`}</p>}
            <table class="grid sm mapping" aria-label="Columns, and what each goes to">
              <thead>
                <tr>
                  <th scope="col" class="l">Your column</th>
                  <th scope="col" class="l">First values, as read</th>
                  <th scope="col" class="l">Goes to</th>
                  <th scope="col" class="l">Unit</th>
                  <th scope="col" class="l">How sure</th>
                </tr>
              </thead>
              <tbody>
                {proposed.missing.map((one) => (
                  <Required key={one.column} column={one.column} target={targets.data?.find((each) => each.column === one.column)} isMissing={missing.includes(one)} from={document.columns[one.column]?.from} value={document.columns[one.column]?.value} onValue={(value) => change(withValue(document, one.column, value))} fix={one.fix} />
                ))}
                {fileColumns(proposed, document, cellsOf).map((one) => (
                  <Row key={String(one.source)} column={one} targets={targets.data ?? []} onTarget={(target) => change(withTarget(document, one.source, target))} onScale={(scale) => change(withScale(document, one.target!, scale))} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Panel>
      <div class="stack">
        {!named && proposed && proposed.questions.length > 0 && document && (
          <Panel title="Left open" unit={open.length ? `${counted(open.length, "question")}: the file does not tell` : "all is answered"} class="fixed">
            <div class="body told">
              {proposed.questions.map((one) => (
                <fieldset key={one.path + one.message} class="open">
                  <legend>{sentence(one.message)}</legend>
                  <p class="acts">
                    {one.choices.map((choice) => (
                      <button key={choice} type="button" class="btn sm" aria-pressed={answers[one.path + one.message] === choice} onClick={() => { setAnswers({ ...answers, [one.path + one.message]: choice }); change(withAnswer(document, one, choice)); }}>
                        {choice}
                      </button>
                    ))}
                  </p>
                </fieldset>
              ))}
            </div>
          </Panel>
        )}
        <Panel title="What it is" class="fixed">
          <div class="body told">
            {!named && document && (
              <div class="field">
                <label for="mapping-id">The mapping is kept as</label>
                <input id="mapping-id" class="inp" spellcheck={false} value={document.mapping_id} onInput={(event) => change({ ...document, mapping_id: event.currentTarget.value })} />
                <p class="hint">with what is accepted; the next file of its kind is read by it</p>
              </div>
            )}
            <div class="field">
              <label for="mapping-book">Book</label>
              <input id="mapping-book" class="inp" spellcheck={false} value={reading.book} placeholder="named after the portfolio" onInput={(event) => onChange({ book: event.currentTarget.value })} />
              <p class="hint">that holds all positions, where the file says none</p>
            </div>
            <div class="field">
              <label for="mapping-as-of">As of</label>
              <input id="mapping-as-of" class="inp" type="date" value={reading.asOf} onChange={(event) => onChange({ asOf: event.currentTarget.value })} />
              <p class="hint">today by default; of a tape with a row a month the last row up to it counts</p>
            </div>
          </div>
        </Panel>
        {proposed && proposed.notes.length > 0 && !named && (
          <Panel title="Noticed" class="fixed">
            <ul class="body remarks">
              {proposed.notes.map((one) => (
                <li key={one}>{sentence(one)}</li>
              ))}
            </ul>
          </Panel>
        )}
      </div>
    </div>
  );
}

interface RequiredProps {
  column: string;
  target: Target | undefined;
  isMissing: boolean;
  from: string | number | undefined;
  value: string | number | boolean | undefined;
  fix: string;
  onValue(value: string): void;
}

function Required({ column, target, isMissing, from, value, fix, onValue }: RequiredProps) {
  if (from !== undefined) return null; // a column of the file is taken for it: that row says so
  const id = `value-${column.replace(/\W/g, "-")}`;
  return (
    <tr class={isMissing ? "lacks" : undefined}>
      <th scope="row" class="l">
        <label for={id}>one value for all rows</label>
      </th>
      <td class="l">
        <span class={isMissing ? "inp er" : "inp"}>
          <input id={id} list={target?.values.length ? `${id}-known` : undefined} spellcheck={false} autocomplete="off" placeholder={fix.match(/"value": "?([^"}]+)/)?.[1] ?? ""} value={value === undefined ? "" : String(value)} onInput={(event) => onValue(event.currentTarget.value)} />
        </span>
        {target && target.values.length > 0 && (
          <datalist id={`${id}-known`}>
            {target.values.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        )}
      </td>
      <td class="l mono" title={target?.meaning}>
        {column}
      </td>
      <td class="l" />
      <td class="l">{isMissing ? <Chip kind="bad"><Icon name="error" />required, no source</Chip> : <Chip>said here</Chip>}</td>
    </tr>
  );
}

const UNITS = [
  ["", "as it is"],
  ["0.01", "percent"],
  ["0.0001", "basis points"],
  ["1000", "thousands"],
  ["1000000", "millions"],
] as const;

function Row({ column, targets, onTarget, onScale }: { column: FileColumn; targets: Target[]; onTarget(target: string | null): void; onScale(scale: number | null): void }) {
  const target = targets.find((one) => one.column === column.target);
  const isNumber = target?.kind === "number" || target?.kind === "integer";
  const name = String(column.source);
  const map = Object.entries(column.how?.map ?? {});
  return (
    <tr>
      <th scope="row" class="l mono">
        {name}
      </th>
      <td class="l muted clip" title={column.examples.join(", ")}>
        {column.examples.join(", ") || "empty"}
      </td>
      <td class="l">
        <span class="inp">
          <select aria-label={`${name} goes to`} value={column.target ?? ""} title={target?.meaning} onChange={(event) => onTarget(event.currentTarget.value || null)}>
            <option value="">an attribute, {name.toLowerCase()}</option>
            {column.target && !target && <option value={column.target}>{column.target}</option>}
            {groupsOf(targets).map(([table, columns]) => (
              <optgroup key={table} label={table}>
                {columns.map((one) => (
                  <option key={one.column} value={one.column}>
                    {one.column}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </span>
      </td>
      <td class="l">
        {isNumber ? (
          <span class="inp">
            <select aria-label={`Unit of ${name}`} value={column.how?.scale === undefined ? "" : String(column.how.scale)} onChange={(event) => onScale(event.currentTarget.value ? Number(event.currentTarget.value) : null)}>
              {UNITS.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
              {column.how?.scale !== undefined && !UNITS.some(([value]) => value === String(column.how!.scale)) && <option value={String(column.how.scale)}>times {column.how.scale}</option>}
            </select>
          </span>
        ) : map.length ? (
          <span class="muted" title={map.map(([word, code]) => `${word} is ${code}`).join("\n")}>
            {map.slice(0, 2).map(([word, code]) => `${word} is ${code}`).join(", ")}
          </span>
        ) : (
          <span class="na">{target?.kind === "date" ? "a day" : ""}</span>
        )}
      </td>
      <td class="l" title={column.said?.why}>
        {column.said ? <Chip kind={column.said.confidence === "certain" ? "ok" : column.said.confidence === "unsure" ? "warn" : ""}>{column.said.confidence}</Chip> : column.target ? <Chip>said here</Chip> : <span class="muted">kept as it is</span>}
        {column.said && <span class="muted"> {column.said.why}</span>}
      </td>
    </tr>
  );
}

/** The two tables that tapes are mapped to stand first. */
const FIRST = ["positions", "instruments", "issuers"];

function groupsOf(targets: Target[]): [table: string, columns: Target[]][] {
  const found = new Map<string, Target[]>();
  for (const one of targets) {
    const table = one.column.split(".")[0]!;
    found.set(table, [...(found.get(table) ?? []), one]);
  }
  const place = (table: string) => (FIRST.includes(table) ? FIRST.indexOf(table) : FIRST.length);
  return [...found].filter(([table]) => FIRST.includes(table) || table === "portfolio").sort((a, b) => place(a[0]) - place(b[0]));
}
