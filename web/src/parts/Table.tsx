/** A table that fits on the screen: figures at the right, heads that stick, a total at the foot, copied as it stands. */
import type { ComponentChildren } from "preact";
import { copyText } from "../shell/announce";
import { counted } from "../numbers/format";
import { asTsv, headOf, type Column } from "./columns";

interface TableProps<R> {
  label: string;
  columns: Column<R>[];
  rows: R[];
  keyOf: (row: R, n: number) => string;
  total?: R;
  totalLabel?: ComponentChildren;
  isDense?: boolean;
  isMarked?: (row: R) => boolean;
  rowClass?: (row: R) => string | undefined;
  onRow?: (row: R) => void;
  /** What a copy says above its heads: run, scenario, units. */
  caption?: string;
  class?: string;
  /** What stands for the rows that are folded, after so many. */
  between?: { after: number; row: ComponentChildren };
}

export function Table<R>(props: TableProps<R>) {
  const { label, columns, rows, keyOf, total, isDense = true } = props;
  const hasUnits = columns.some((one) => one.unit);
  const kind = `grid${isDense ? " sm" : ""}${isDense && hasUnits ? " two" : ""} ${props.class ?? ""}`;
  const copyRows = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "c" || getSelection()?.toString()) return;
    event.preventDefault();
    void copyText(asTsv(columns, rows, props.caption), `${counted(rows.length, "row")} copied`);
  };
  return (
    <table class={kind} aria-label={label} onKeyDown={copyRows}>
      <thead>
        <tr>
          {columns.map((one) => (
            <th key={one.id} scope="col" class={one.isLeft ? "l" : undefined}>
              {one.label}
              {hasUnits && <span class="u">{one.unit ?? " "}</span>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.flatMap((row, n) => [
          props.between?.after === n && (
            <tr key="between" class="between">
              <td colSpan={columns.length}>{props.between.row}</td>
            </tr>
          ),
          <tr key={keyOf(row, n)} class={props.rowClass?.(row)} data-marked={props.isMarked?.(row) || undefined} onClick={props.onRow && (() => props.onRow?.(row))}>
            <Cells columns={columns} row={row} />
          </tr>,
        ])}
      </tbody>
      {total !== undefined && (
        <tfoot>
          <tr class="strong">
            <Cells columns={columns} row={total} first={props.totalLabel} />
          </tr>
        </tfoot>
      )}
    </table>
  );
}

function Cells<R>({ columns, row, first }: { columns: Column<R>[]; row: R; first?: ComponentChildren }) {
  return (
    <>
      {columns.map((one, n) => {
        const kind = [one.isLeft ? "l" : "", one.class?.(row) ?? ""].filter(Boolean).join(" ") || undefined;
        const cell = n === 0 && first !== undefined ? first : one.cell(row);
        return n === 0 ? (
          <th key={one.id} scope="row" class={kind ?? "l"}>
            {cell}
          </th>
        ) : (
          <td key={one.id} class={kind}>
            {cell}
          </td>
        );
      })}
    </>
  );
}

export { headOf };
