/** The ARIA treegrid: one tab stop, arrows move, right opens or goes in, left closes or goes to the parent.
 *  Only what is seen is in the document. */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { counted } from "../numbers/format";
import { copyText } from "../shell/announce";
import { asTsv, type Column } from "./columns";
import { Icon } from "./Icon";
import { Size } from "./Size";

export interface TreeRow<R> {
  key: string;
  level: number;
  place: number;
  siblings: number;
  /** undefined where nothing hangs below. */
  isOpen?: boolean;
  parent: string | null;
  data: R;
  /** A row that is words over all columns but the first two. */
  words?: ComponentChildren;
}

interface TreeGridProps<R> {
  label: string;
  columns: Column<R>[];
  rows: TreeRow<R>[];
  total?: R;
  totalLabel?: string;
  selected: string | null;
  sort?: string;
  caption?: string;
  onSelect(row: TreeRow<R>): void;
  onOpen(row: TreeRow<R>, isOpen: boolean): void;
  /** Enter or i, with the column that has the mark. */
  onAct?(row: TreeRow<R>, column: string): void;
  onSort?(column: string): void;
  /** The rows that are in the document, after each time that they were drawn. */
  onSeen?(rows: TreeRow<R>[]): void;
  /** Alt with an arrow, or a head that is dragged: the column goes so many places to the right. */
  onMoveColumn?(column: string, step: number): void;
}

const ROW_PX = 28;
const BEYOND = 12;
const INDENT_PX = 16;

export function TreeGrid<R>(props: TreeGridProps<R>) {
  const { columns, rows } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const [active, setActive] = useState(props.selected ?? rows[0]?.key ?? "");
  const [anchor, setAnchor] = useState<string | null>(null);
  const [column, setColumn] = useState(2);
  const wantsFocus = useRef(false);
  const follows = useRef<string | null>(null);
  const told = useRef(new Set<string>());
  const virtual = useVirtual(scroller, rows.length);
  const seen = virtual.getVirtualItems();
  const found = rows.findIndex((one) => one.key === active);
  const place = useRef(0);
  const isHere = useRef(false);
  const index = found >= 0 ? found : Math.max(0, Math.min(place.current, rows.length - 1));
  place.current = index;

  useEffect(() => {
    if (props.selected && told.current.delete(props.selected)) return; // by keys: the next one may have moved on since
    if (props.selected && rows.some((one) => one.key === props.selected)) setActive(props.selected);
  }, [props.selected]);
  useLayoutEffect(() => {
    const row = rows[index];
    if (found >= 0 || !row) return;
    setActive(row.key); // what stood here is gone, as a row does that said it is on its way
    wantsFocus.current = isHere.current;
  });
  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    const row = body.current?.querySelector<HTMLElement>("tr[tabindex='0']");
    if (row) {
      wantsFocus.current = false;
      row.focus({ preventScroll: true });
    }
  });

  const [from, to] = [seen[0]?.index ?? 0, seen.at(-1)?.index ?? -1];
  useEffect(() => {
    props.onSeen?.(rows.slice(from, to + 1));
  }, [rows, from, to]);

  const move = (to: number, isRange = false) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    if (!row) return;
    setAnchor(isRange ? (anchor ?? active) : null);
    setActive(row.key);
    wantsFocus.current = true;
    virtual.scrollToIndex(rows.indexOf(row));
    if (row.key !== props.selected) told.current.add(row.key);
    props.onSelect(row);
  };
  useLayoutEffect(() => {
    const at = columns.findIndex((one) => one.id === follows.current);
    follows.current = null;
    if (at > 0) setColumn(at); // the mark stays on the column that was moved
  }, [columns]);
  const range = rangeOf(rows, anchor, active);
  const onKey = (event: KeyboardEvent) => {
    const row = rows[index];
    if (!row || (event.target as HTMLElement).closest("thead")) return;
    isHere.current = true;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "c") {
      event.preventDefault();
      void copyText(asTsv(columns, range.map((one) => one.data), props.caption), `${counted(range.length, "row")} copied`);
      return;
    }
    if (event.altKey && props.onMoveColumn && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      event.preventDefault();
      const step = event.key === "ArrowRight" ? 1 : -1;
      const moving = columns[column]?.id ?? "";
      props.onMoveColumn(moving, step);
      follows.current = moving;
      return;
    }
    const page = Math.max(1, seen.length - 2 * BEYOND);
    const keys: Record<string, () => void> = {
      ArrowDown: () => move(index + 1, event.shiftKey),
      ArrowUp: () => move(index - 1, event.shiftKey),
      Home: () => move(0),
      End: () => move(rows.length - 1),
      PageDown: () => move(index + page),
      PageUp: () => move(index - page),
      ArrowRight: () => (event.shiftKey ? setColumn(Math.min(columns.length - 1, column + 1)) : inward(row)),
      ArrowLeft: () => (event.shiftKey ? setColumn(Math.max(1, column - 1)) : outward(row)),
      Enter: () => act(row),
      i: () => act(row),
    };
    const key = keys[event.key];
    if (!key || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    key();
  };
  const inward = (row: TreeRow<R>) => {
    if (row.isOpen === false) props.onOpen(row, true);
    else if (row.isOpen) move(index + 1);
  };
  const outward = (row: TreeRow<R>) => {
    if (row.isOpen) props.onOpen(row, false);
    else if (row.parent !== null) move(rows.findIndex((one) => one.key === row.parent));
  };
  const act = (row: TreeRow<R>) => props.onAct?.(row, columns[column]?.id ?? "");

  const first = seen[0];
  const last = seen.at(-1);
  const above = first ? first.start : 0;
  const below = last ? virtual.getTotalSize() - last.end : 0;
  return (
    <div class="pgrid" ref={scroller}>
      <table class="grid tree" role="treegrid" aria-label={props.label} aria-rowcount={rows.length + 1} aria-colcount={columns.length} aria-multiselectable="true" onKeyDown={onKey} onFocusOut={(event) => { if (event.relatedTarget) isHere.current = event.currentTarget.contains(event.relatedTarget as Node); }}>
        <colgroup>
          {columns.map((one) => (
            <Size as="col" key={one.id} width={one.width ? `${one.width}px` : undefined} />
          ))}
        </colgroup>
        <thead>
          <tr role="row" aria-rowindex={1}>
            {columns.map((one) => (
              <Head key={one.id} column={one} sort={props.sort} onSort={props.onSort} onDropped={props.onMoveColumn && ((moving) => props.onMoveColumn?.(moving, columns.indexOf(one) - columns.findIndex((each) => each.id === moving)))} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {above > 0 && <Gap height={above} columns={columns.length} />}
          {seen.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            const isActive = row.key === rows[index]?.key;
            return (
              <tr
                key={row.key}
                role="row"
                tabIndex={isActive ? 0 : -1}
                aria-level={row.level}
                aria-posinset={row.place}
                aria-setsize={row.siblings}
                aria-expanded={row.isOpen}
                aria-rowindex={item.index + 2}
                aria-selected={range.includes(row)}
                onClick={(event) => {
                  const cell = (event.target as HTMLElement).closest("td");
                  if (cell) setColumn(Math.max(1, cell.cellIndex));
                  move(item.index, event.shiftKey);
                }}
                onDblClick={() => row.isOpen !== undefined && props.onOpen(row, !row.isOpen)}
              >
                <th scope="row" class={row.level === 1 ? "l lvl0" : "l"}>
                  <Size as="span" class="tw" pad={`${(row.level - 1) * INDENT_PX}px`}>
                    {row.isOpen === undefined ? (
                      <i class="leaf" />
                    ) : (
                      <span
                        class="hit twist"
                        onClick={(event) => {
                          event.stopPropagation();
                          setActive(row.key);
                          wantsFocus.current = true;
                          props.onOpen(row, !row.isOpen);
                        }}
                      >
                        <Icon name={row.isOpen ? "down" : "right"} />
                      </span>
                    )}
                    {columns[0]?.cell(row.data)}
                  </Size>
                </th>
                {row.words === undefined ? (
                  columns.slice(1).map((one, n) => {
                    const kind = [one.isLeft ? "l" : "", one.class?.(row.data) ?? "", isActive && n + 1 === column ? "cellfocus" : ""];
                    return (
                      <td key={one.id} role="gridcell" class={kind.filter(Boolean).join(" ") || undefined}>
                        {one.cell(row.data)}
                      </td>
                    );
                  })
                ) : (
                  <td role="gridcell" class="l" colSpan={columns.length - 1}>
                    <span class="na">{row.words}</span>
                  </td>
                )}
              </tr>
            );
          })}
          {below > 0 && <Gap height={below} columns={columns.length} />}
        </tbody>
        {props.total !== undefined && (
          <tfoot>
            <tr class="strong" role="row">
              <th scope="row" class="l">
                {props.totalLabel}
              </th>
              {columns.slice(1).map((one) => (
                <td key={one.id} role="gridcell" class={one.class?.(props.total as R)}>
                  {one.cell(props.total as R)}
                </td>
              ))}
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}

interface HeadProps<R> {
  column: Column<R>;
  sort?: string;
  onSort?(column: string): void;
  onDropped?(moving: string): void;
}

function Head<R>({ column, sort, onSort, onDropped }: HeadProps<R>) {
  const direction = sort === column.id ? "ascending" : sort === `-${column.id}` ? "descending" : undefined;
  const words = (
    <>
      {column.label}
      {direction && <span aria-hidden="true">{direction === "ascending" ? " ↑" : " ↓"}</span>}
    </>
  );
  return (
    <th
      scope="col"
      role="columnheader"
      class={column.isLeft ? "l" : undefined}
      aria-sort={direction}
      draggable={onDropped ? true : undefined}
      onDragStart={onDropped && ((event) => event.dataTransfer?.setData("text/plain", column.id))}
      onDragOver={onDropped && ((event) => event.preventDefault())}
      onDrop={onDropped && ((event) => onDropped(event.dataTransfer?.getData("text/plain") ?? ""))}
    >
      {column.isSortable && onSort ? (
        <button type="button" tabIndex={-1} onClick={() => onSort(column.id)}>
          {words}
        </button>
      ) : (
        words
      )}
      <span class="u">{column.unit ?? " "}</span>
    </th>
  );
}

function Gap({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden="true" class="beyond">
      <td colSpan={columns}>
        <Size height={`${height}px`} />
      </td>
    </tr>
  );
}

function rangeOf<R>(rows: TreeRow<R>[], anchor: string | null, active: string): TreeRow<R>[] {
  const to = rows.findIndex((one) => one.key === active);
  const from = anchor === null ? to : rows.findIndex((one) => one.key === anchor);
  if (to < 0 || from < 0) return [];
  return rows.slice(Math.min(from, to), Math.max(from, to) + 1);
}

function useVirtual(scroller: { current: HTMLDivElement | null }, rows: number): Virtualizer<HTMLDivElement, Element> {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const made = useRef<Virtualizer<HTMLDivElement, Element>>(null);
  const options = {
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight(),
    overscan: BEYOND,
    scrollPaddingStart: 40,
    scrollPaddingEnd: 32,
    initialRect: { width: 800, height: 600 },
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(0),
  };
  if (!made.current) made.current = new Virtualizer<HTMLDivElement, Element>(options);
  made.current.setOptions(options);
  useLayoutEffect(() => made.current?._didMount(), []);
  useLayoutEffect(() => made.current?._willUpdate());
  return made.current;
}

/** As the tokens say: higher where the pointer is coarse. */
function rowHeight(): number {
  const said = getComputedStyle(document.documentElement).getPropertyValue("--row");
  return Number.parseFloat(said) || ROW_PX;
}
