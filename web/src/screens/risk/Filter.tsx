/** The sheets that add a condition, and that group by several names: their code comes when one is opened. */
import { useState } from "preact/hooks";
import { useAsk } from "../../api/asking";
import { question } from "../../api/client";
import { Choose, Field, listed, Sheet } from "../../parts/Form";
import { counted } from "../../numbers/format";
import { choose } from "../../place";
import { tell } from "../../shell/announce";
import { joined, quoted } from "./grouping";
import { askGroupings } from "./questions";

const OPERATORS = [
  ["=", "is"],
  ["!=", "is not"],
  [">=", "at least"],
  [">", "more than"],
  ["<=", "at most"],
  ["<", "less than"],
  ["in", "is one of"],
  ["not in", "is none of"],
  ["is empty", "is empty"],
  ["is not empty", "is not empty"],
] as const;

export function conditionFrom(column: string, operator: string, value: string): string {
  if (operator.startsWith("is ")) return `${column} ${operator}`;
  const plain = (text: string) => (/^-?[\d.]+$|^\d{4}-\d{2}-\d{2}$|^(true|false)$/.test(text) ? text : quoted(text));
  if (operator.endsWith("in")) return `${column} ${operator} (${value.split(",").map((one) => plain(one.trim())).join(", ")})`;
  return `${column}${operator}${plain(value.trim())}`;
}

export function FilterSheet({ run, where, columns, onClose }: { run: string; where: string | null; columns: string[]; onClose(): void }) {
  const known = useAsk(askGroupings(run));
  const [isTyped, setTyped] = useState(false);
  const [column, setColumn] = useState("");
  const [operator, setOperator] = useState<string>("=");
  const [value, setValue] = useState("");
  const [text, setText] = useState(where ?? "");
  const names = [...(known.data ?? []).filter((one) => !["node", "total"].includes(one)), "position_id", "notional", "maturity_date", "status", ...columns];
  const made = isTyped ? text.trim() : joined(where, column.trim() ? conditionFrom(column.trim(), operator, value) : null);
  const send = async () => {
    // Asked before it is shown: what cannot be read is said under the field, and the screen stays as it is.
    const [found] = made ? await question<{ positions: number }[], "/api/v1/results/runs/{run_id}/totals">("/api/v1/results/runs/{run_id}/totals", { path: { run_id: run }, query: { by: "total", measures: "PV", scenario: "BASE", where: made } }).ask() : [];
    choose({ where: made || null, open: null, group: null });
    tell(made ? `${counted(found?.positions ?? 0, "position fits", "positions fit")}` : "Every position is shown");
    onClose();
  };
  return (
    <Sheet title="Filter" button={made ? "Show what fits" : "Show everything"} icon="filter" onSend={send} onClose={onClose}>
      {isTyped ? (
        <Field name="Condition" value={text} onChange={setText} isFirst hint="fico>=700 and state in (CA, NY); and, or, not and brackets; name is empty" />
      ) : (
        <>
          <div class="field">
            <label for="field-column">Column</label>
            <input id="field-column" class="inp" data-first required list="filter-columns" autocomplete="off" spellcheck={false} value={column} onInput={(event) => setColumn(event.currentTarget.value)} />
            <datalist id="filter-columns">
              {names.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          </div>
          <Choose name="Is" value={operator} choices={OPERATORS} onChange={setOperator} />
          {!operator.startsWith("is ") && <Field name="Value" value={value} onChange={setValue} isRequired hint={operator.endsWith("in") ? "several, with commas between" : "a text, a number, or a day as 2026-01-31"} />}
        </>
      )}
      <p class="sec">
        {made ? <code class="mono wraps">{made}</code> : "Everything."}{" "}
        <button type="button" class="text" onClick={() => { setTyped(!isTyped); setText(made ?? ""); }}>
          {isTyped ? "Build it from parts" : "Write it as text"}
        </button>
      </p>
    </Sheet>
  );
}

interface Band {
  bands: string;
  what: string;
  edges: string[];
}

const BANDS = "/api/v1/portfolio/bands";

/** Several names together, and numbers in bands. */
export function GroupSheet({ run, by, onClose }: { run: string; by: string; onClose(): void }) {
  const bands = useAsk(question<Band[], typeof BANDS>(BANDS));
  const [text, setText] = useState(by === "tree" ? "" : by);
  const send = async () => {
    const made = text.replace(/\s+/g, "");
    if (listed(made).length) await question<unknown, "/api/v1/results/runs/{run_id}/totals">("/api/v1/results/runs/{run_id}/totals", { path: { run_id: run }, query: { by: made, measures: "PV", scenario: "BASE" } }).ask();
    choose({ by: made || null, open: null, group: null, sort: null });
    onClose();
  };
  return (
    <Sheet title="Group by several, or by bands" button="Group" icon="table" onSend={send} onClose={onClose}>
      <Field name="By" value={text} onChange={setText} isFirst hint="names with commas between: desk,state; a number with its edges: fico:620,680,740" />
      {bands.data && bands.data.length > 0 && (
        <div class="field" role="group" aria-label="Usual bands">
          <span class="lab">Usual bands</span>
          <p class="acts">
            {bands.data.map((one) => (
              <button key={one.bands} type="button" class="btn sm" title={one.what} onClick={() => setText(joinedBy(text, `${one.bands}:${one.edges.join(",")}`))}>
                {one.bands}
              </button>
            ))}
          </p>
        </div>
      )}
    </Sheet>
  );
}

function joinedBy(text: string, more: string): string {
  return text.trim() ? `${text.trim()},${more}` : more;
}
