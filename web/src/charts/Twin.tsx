/** A chart and the table that shows the same numbers. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { asCsv, asTsv, type Column } from "../parts/columns";
import { Icon } from "../parts/Icon";
import { Panel } from "../parts/Panel";
import { Table } from "../parts/Table";
import { counted } from "../numbers/format";
import { copyText, tell } from "../shell/announce";

interface ChartPanelProps<R> {
  title: string;
  label?: string;
  unit?: ComponentChildren;
  class?: string;
  columns: Column<R>[];
  rows: R[] | undefined;
  keyOf: (row: R, n: number) => string;
  /** Names the file. */
  file: string;
  caption?: string;
  tools?: ComponentChildren;
  /** Waiting, problems and gaps, in place of chart and table. */
  instead?: ComponentChildren;
  children: ComponentChildren;
}

export function ChartPanel<R>(props: ChartPanelProps<R>) {
  const [isTable, setTable] = useState(false);
  const { rows, columns } = props;
  const hasRows = rows !== undefined && rows.length > 0;
  const tools = (
    <>
      {props.tools}
      {hasRows && (
        <button type="button" class="twin" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          <Icon name={isTable ? "risk" : "table"} small />
          {isTable ? "Chart" : "Table"}
        </button>
      )}
    </>
  );
  return (
    <Panel title={props.title} label={props.label} unit={props.unit} class={props.class} tools={tools}>
      {props.instead ??
        (isTable && rows ? (
          <div class="body twintable">
            <div class="scrolls" tabIndex={0} role="group" aria-label={`Table of ${props.title}`}>
              <Table label={props.title} columns={columns} rows={rows} keyOf={props.keyOf} caption={props.caption} />
            </div>
            <p class="acts">
              <button type="button" class="btn sm" onClick={() => copyText(asTsv(columns, rows, props.caption), `${counted(rows.length, "row")} copied`)}>
                <Icon name="copy" small />
                Copy
              </button>
              <button type="button" class="btn sm" onClick={() => save(`${props.file}.csv`, asCsv(columns, rows))}>
                <Icon name="export" small />
                CSV
              </button>
            </p>
          </div>
        ) : (
          props.children
        ))}
    </Panel>
  );
}

/** The numbers that are on the screen, as a file. */
export function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  URL.revokeObjectURL(address);
  tell(`${name} is saved`);
}
