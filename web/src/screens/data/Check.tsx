/** What is wrong with the files, in the rows themselves: each cell corrected in place, or all of a kind at once. */
import { useState } from "preact/hooks";
import type { Finding, IngestReport } from "../../api/working";
import { Bars } from "../../charts/Bars";
import { save } from "../../charts/Twin";
import { Chip } from "../../parts/Cells";
import { Icon } from "../../parts/Icon";
import { Panel, sentence } from "../../parts/Panel";
import { count, counted, level } from "../../numbers/format";
import { query, set } from "../../place";
import { announce } from "../../shell/announce";
import { CheckBox } from "../runs/CheckBox";
import { cellOf, edited, writeCsv, type Edit, type Sheet } from "./csv";
import { alike, fixesOf } from "./fixes";
import { byRow, columnsOf, keyOf, rejectedRows, type Brought } from "./upload";

interface CheckProps {
  brought: Brought;
  report: IngestReport;
  edits: Map<string, Edit>;
  onEdit(edits: Edit[]): void;
  acceptsValid: boolean;
  onAcceptsValid(accepts: boolean): void;
}

export function CheckPanels({ brought, report, edits, onEdit, acceptsValid, onAcceptsValid }: CheckProps) {
  const counts = new Map<string, number>();
  for (const one of report.errors) counts.set(one.table, (counts.get(one.table) ?? 0) + 1);
  const tables = [...new Set([...Object.keys(report.rows), ...counts.keys()])];
  const table = tables.find((one) => one === query.value.table) ?? tables.find((one) => counts.get(one)) ?? tables[0] ?? "";
  const sheet = brought.sheets.get(table);
  return (
    <div class="cols check2">
      {sheet ? <SheetPanel key={table} table={table} sheet={sheet} report={report} edits={edits} onEdit={onEdit} /> : <PlainErrors table={table} report={report} edits={edits} onEdit={onEdit} />}
      <div class="stack">
        <Panel title="Files" class="fixed">
          <ul class="fl">
            {tables.map((one) => (
              <li key={one}>
                <button type="button" aria-current={one === table || undefined} onClick={() => set({ table: one })}>
                  <Icon name="file" small />
                  <span class="mono">{brought.sheets.get(one)?.name ?? one}</span>
                  <span class="grow" />
                  <span class="muted">{count(report.rows[one] ?? 0)}</span>
                  {counts.get(one) ? <Chip kind="bad">{count(counts.get(one)!)}</Chip> : <Chip kind="ok"><Icon name="tick" /><span class="vh">no error</span></Chip>}
                </button>
              </li>
            ))}
          </ul>
        </Panel>
        {report.errors.length > 0 && <ByCode errors={report.errors} />}
        <Totals report={report} acceptsValid={acceptsValid} onAcceptsValid={onAcceptsValid} />
        {report.warnings.length > 0 && <Warnings warnings={report.warnings} />}
      </div>
    </div>
  );
}

const STEP = 200;

function SheetPanel({ table, sheet, report, edits, onEdit }: { table: string; sheet: Sheet; report: IngestReport; edits: Map<string, Edit>; onEdit(edits: Edit[]): void }) {
  const [most, setMost] = useState(STEP);
  const [onlyWrong, setOnlyWrong] = useState(true);
  const mine = report.errors.filter((one) => one.table === table);
  const { shown, folded } = columnsOf(sheet, report.errors, table);
  const wrong = new Map(byRow(report.errors, table));
  const rows = onlyWrong ? [...wrong.keys()] : sheet.rows.slice(1).map((_, n) => n + 2);
  const made = edited(sheet, [...edits.values()].filter((one) => one.table === table));
  const kinds = bulk(mine, edits);
  const whole = mine.filter((one) => one.row === null);
  const tools = (
    <>
      {mine.length > 0 && (
        <button type="button" class="btn sm" onClick={() => save(`${table}-rejected.csv`, writeCsv(rejectedRows(sheet, report.errors, table)))}>
          <Icon name="export" small />
          Rejected rows, as they came
        </button>
      )}
      <CheckBox checked={onlyWrong} onChange={setOnlyWrong}>
        Only rows with errors
      </CheckBox>
    </>
  );
  return (
    <Panel title={sheet.name} unit={`${counted(mine.length, "error")} · rows numbered as a spreadsheet does${folded ? ` · ${counted(folded, "column")} without errors ${folded === 1 ? "is" : "are"} folded` : ""}`} tools={tools}>
      {whole.map((one, n) => (
        <p key={n} class="body wrong" role="alert">
          <b>{one.code}</b> {sentence(one.message)} {sentence(one.fix)}
        </p>
      ))}
      <div class="pgrid">
        <table class="grid sheet" aria-label={`Rows of ${sheet.name}`}>
          <thead>
            <tr>
              <th scope="col">Row</th>
              {shown.map((one) => (
                <th key={one} scope="col" class="l mono">
                  {one}
                </th>
              ))}
              <th scope="col" class="l">
                What is wrong, and its fix
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, most).map((row) => (
              <tr key={row}>
                <th scope="row" class="rn">
                  {row}
                </th>
                {shown.map((column) => {
                  const errors = (wrong.get(row) ?? []).filter((one) => one.column?.toLowerCase() === column.toLowerCase());
                  const key = keyOf({ table, row, column: errors[0]?.column ?? column.toLowerCase() });
                  return <Cell key={column} row={row} column={errors[0]?.column ?? column.toLowerCase()} table={table} value={cellOf(made, row, column) ?? ""} isWrong={errors.length > 0 && !edits.has(key)} isEdited={edits.has(key)} onEdit={onEdit} />;
                })}
                <td class="l msg">
                  {(wrong.get(row) ?? []).map((one, n) => (
                    <Message key={n} error={one} isEdited={edits.has(keyOf(one))} onFix={(value) => onEdit([{ table, row, column: one.column!, value }])} />
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length > most && (
          <p class="body">
            <button type="button" class="text" onClick={() => setMost(most + STEP)}>
              {counted(rows.length - most, "more row")}
            </button>
          </p>
        )}
      </div>
      {kinds && <Alike kinds={kinds} onEdit={onEdit} />}
    </Panel>
  );
}

type Kinds = NonNullable<ReturnType<typeof bulk>>;

function Alike({ kinds, onEdit }: { kinds: Kinds; onEdit(edits: Edit[]): void }) {
  return (
    <div class="apply">
      <Icon name="info" small />
      <span>
        <b>
          {counted(kinds.errors.length, "cell")} of <span class="mono">{kinds.column}</span> {kinds.errors.length === 1 ? "is" : "are"} wrong in the same way ({kinds.code}).
        </b>{" "}
        The first of each one's fixes is put in; nothing is sent before you check again.
      </span>
      <span class="grow" />
      <button type="button" class="btn pri" onClick={() => { onEdit(kinds.edits); announce(`${kinds.edits.length} cells are changed`); }}>
        Fix {kinds.edits.length}
      </button>
    </div>
  );
}

/** The kind of error that one fix mends most of, where it is more than one. */
function bulk(errors: Finding[], edits: Map<string, Edit>): { column: string; code: string; errors: Finding[]; edits: Edit[] } | null {
  let best: Finding[] = [];
  for (const one of errors) {
    const same = alike(errors, one).filter((each) => !edits.has(keyOf(each)));
    if (same.length > best.length) best = same;
  }
  const [first] = best;
  if (!first || best.length < 2) return null;
  return { column: first.column!, code: first.code, errors: best, edits: best.map((one) => ({ table: one.table, row: one.row!, column: one.column!, value: fixesOf(one)[0]! })) };
}

interface CellProps {
  table: string;
  row: number;
  column: string;
  value: string;
  isWrong: boolean;
  isEdited: boolean;
  onEdit(edits: Edit[]): void;
}

function Cell({ table, row, column, value, isWrong, isEdited, onEdit }: CellProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const end = (isKept: boolean) => {
    if (isKept && typed !== null && typed !== value) onEdit([{ table, row, column, value: typed }]);
    setTyped(null);
  };
  if (typed !== null) {
    return (
      <td class="l edit">
        <input
          aria-label={`${column}, row ${row}`}
          value={typed}
          ref={(element) => element?.focus()}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onBlur={() => end(true)}
          onKeyDown={(event) => {
            if (event.key === "Enter") end(true);
            if (event.key === "Escape") {
              event.stopPropagation();
              end(false);
            }
          }}
        />
      </td>
    );
  }
  return (
    <td class={`l${isWrong ? " bad" : ""}${isEdited ? " edited" : ""}`}>
      <button type="button" class="cellb" aria-label={`${column}, row ${row}: ${value || "empty"}${isWrong ? ", wrong" : ""}. Change it`} onClick={() => setTyped(value)}>
        {value || <span class="na">empty</span>}
      </button>
    </td>
  );
}

function Message({ error, isEdited, onFix }: { error: Finding; isEdited: boolean; onFix(value: string): void }) {
  if (isEdited) {
    return (
      <p class="help done">
        <Icon name="tick" small /> changed; check again
      </p>
    );
  }
  return (
    <p class="help">
      <b class="em">{error.code}</b>
      <span class="wy" title={`${error.message} ${error.fix}`}>
        {error.message}
      </span>
      {fixesOf(error).map((one) => (
        <button key={one} type="button" class="btn sm fx" title={error.fix} onClick={() => onFix(one)}>
          {one}
        </button>
      ))}
      {!fixesOf(error).length && <span class="muted">{error.fix}</span>}
    </p>
  );
}

/** Of a file whose rows are not shown: an error a row, each cell corrected in place all the same. */
function PlainErrors({ table, report, edits, onEdit }: { table: string; report: IngestReport; edits: Map<string, Edit>; onEdit(edits: Edit[]): void }) {
  const mine = report.errors.filter((one) => one.table === table);
  const kinds = bulk(mine, edits);
  return (
    <Panel title={table || "The file"} unit={`${counted(mine.length, "error")} · rows numbered as the file does`}>
      <div class="pgrid">
        <table class="grid sheet" aria-label={`Errors of ${table}`}>
          <thead>
            <tr>
              <th scope="col">Row</th>
              <th scope="col" class="l">Column</th>
              <th scope="col" class="l">Value</th>
              <th scope="col" class="l">What is wrong, and its fix</th>
            </tr>
          </thead>
          <tbody>
            {mine.slice(0, 1000).map((one, n) => {
              const edit = edits.get(keyOf(one));
              const canEdit = one.row !== null && one.column !== null;
              return (
                <tr key={n}>
                  {one.row === null ? <td /> : <th scope="row" class="rn">{one.row}</th>}
                  <td class="l mono">{one.column}</td>
                  {canEdit ? <Cell row={one.row!} column={one.column!} table={table} value={edit?.value ?? one.value ?? ""} isWrong={!edit} isEdited={Boolean(edit)} onEdit={onEdit} /> : <td class="l">{one.value}</td>}
                  <td class="l msg">
                    {canEdit ? (
                      <Message error={one} isEdited={Boolean(edit)} onFix={(value) => onEdit([{ table, row: one.row!, column: one.column!, value }])} />
                    ) : (
                      <>
                        <b class="em">{one.code}</b> {one.message} {one.fix}
                      </>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {kinds && <Alike kinds={kinds} onEdit={onEdit} />}
    </Panel>
  );
}

function ByCode({ errors }: { errors: Finding[] }) {
  const counts = new Map<string, number>();
  for (const one of errors) counts.set(one.code, (counts.get(one.code) ?? 0) + 1);
  const bars = [...counts].sort((a, b) => b[1] - a[1]).map(([code, number]) => ({ key: code, name: code, value: number, shown: count(number) }));
  return (
    <Panel title="By code" unit={counted(errors.length, "error")} class="fixed">
      <div class="body">
        <Bars finding={`Most are ${bars[0]!.name}, ${bars[0]!.shown} of ${errors.length}`} bars={bars} names={150} isLevel isBad width={272} row={20} />
      </div>
    </Panel>
  );
}

function Totals({ report, acceptsValid, onAcceptsValid }: { report: IngestReport; acceptsValid: boolean; onAcceptsValid(accepts: boolean): void }) {
  const rows = Object.entries(report.control_totals);
  return (
    <Panel title="Control totals" unit="notional, m" class="fixed">
      <div class="body">
        {rows.length > 0 ? (
          <table class="grid sm" aria-label="Control totals by currency">
            <thead>
              <tr>
                <th scope="col" class="l">Currency</th>
                <th scope="col">Positions</th>
                <th scope="col">Notional</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(([currency, sums]) => (
                <tr key={currency}>
                  <th scope="row" class="l">{currency}</th>
                  <td>{count(sums.positions ?? 0)}</td>
                  <td title={String(sums.notional ?? "")}>{level((sums.notional ?? 0) / 1e6, 1)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <p class="hint">They are added up when what is to be stored is clean, or only the valid rows are taken.</p>
        )}
        {report.rejected > 0 && (
          <CheckBox checked={acceptsValid} onChange={onAcceptsValid}>
            <span>
              Accept what is valid
              <br />
              <span class="hint">off: all rows or none</span>
            </span>
          </CheckBox>
        )}
      </div>
    </Panel>
  );
}

function Warnings({ warnings }: { warnings: Finding[] }) {
  return (
    <Panel title="Worth a look" unit={counted(warnings.length, "remark")} class="fixed">
      <ul class="body remarks">
        {warnings.slice(0, 20).map((one, n) => (
          <li key={n} title={one.fix}>
            <b class="mono">{[one.table, one.row, one.column].filter((part) => part !== null).join(" ")}</b> {one.message}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
