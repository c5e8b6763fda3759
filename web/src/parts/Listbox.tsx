/** A button with a list to choose from: arrows, Home, End, a letter, Enter, Esc. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export interface Choice {
  value: string;
  label: ComponentChildren;
  /** What letters find, where the label is more than text. */
  text?: string;
  hint?: ComponentChildren;
}

interface ListboxProps {
  label: string;
  class: string;
  button: ComponentChildren;
  choices: Choice[];
  value: string | null;
  onChoose(value: string): void;
  onOpen?(): void;
  empty?: string;
  right?: boolean;
  id?: string;
  several?: boolean;
  /** With a field to type in, however few there are now: more may come. */
  isSearched?: boolean;
  chosen?: string[];
}

/** Letters that follow one another so soon are one beginning. */
const TYPED_TOGETHER_MS = 1_000;

export function Listbox(props: ListboxProps) {
  const { label, choices, value, onChoose } = props;
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const [filter, setFilter] = useState("");
  const frame = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const typed = useRef({ text: "", at: 0 });
  const isSearched = props.isSearched || choices.length > 12;
  const shown = isSearched && filter
    ? choices.filter((one) => wordsOf(one).toLowerCase().includes(filter.toLowerCase()))
    : choices;

  const open = () => {
    props.onOpen?.();
    setFilter("");
    setAt(Math.max(0, choices.findIndex((one) => one.value === value)));
    setOpen(true);
  };
  const close = (focus = true) => {
    setOpen(false);
    if (focus) button.current?.focus();
  };
  const take = (n: number) => {
    const one = shown[n];
    if (!one) return;
    if (!props.several) close();
    onChoose(one.value);
  };

  useLayoutEffect(() => {
    if (!isOpen) return;
    const target = isSearched ? frame.current?.querySelector("input") : list.current;
    (target as HTMLElement | null)?.focus();
    const outside = (event: PointerEvent) => {
      if (!frame.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [isOpen]);
  useLayoutEffect(() => {
    if (isOpen) list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at, isOpen]);

  const onKey = (event: KeyboardEvent) => {
    const last = shown.length - 1;
    const moves: Record<string, () => void> = {
      ArrowDown: () => setAt(Math.min(last, at + 1)),
      ArrowUp: () => setAt(Math.max(0, at - 1)),
      Home: () => setAt(0),
      End: () => setAt(last),
      PageDown: () => setAt(Math.min(last, at + 10)),
      PageUp: () => setAt(Math.max(0, at - 10)),
      Enter: () => take(at),
      Escape: () => close(),
      Tab: () => close(),
    };
    if (event.key === " " && !isSearched) moves[" "] = () => take(at);
    const move = moves[event.key];
    if (move) {
      event.stopPropagation();
      if (event.key !== "Tab") event.preventDefault();
      move();
    } else if (!isSearched && event.key.length === 1) {
      const isOn = event.timeStamp - typed.current.at < TYPED_TOGETHER_MS;
      const text = ((isOn ? typed.current.text : "") + event.key).toLowerCase();
      typed.current = { text, at: event.timeStamp };
      const found = shown.findIndex((one) => wordsOf(one).toLowerCase().startsWith(text));
      if (found >= 0) setAt(found);
      event.stopPropagation();
    } else event.stopPropagation();
  };
  const id = props.id ?? `list-${label.toLowerCase().replace(/\W+/g, "-")}`;
  const active = shown[at] ? `${id}-${at}` : undefined;
  return (
    <div class={`listbox ${props.right ? "right" : ""}`} ref={frame}>
      <button
        ref={button}
        type="button"
        class={props.class}
        aria-haspopup="listbox"
        aria-expanded={isOpen}
        data-list={id}
        onClick={() => (isOpen ? close(false) : open())}
        onKeyDown={(event) => {
          if (!isOpen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
            event.preventDefault();
            open();
          }
        }}
      >
        {props.button}
      </button>
      {isOpen && (
        <div class="pop choices" onKeyDown={onKey}>
          {isSearched && (
            <input
              class="inp"
              type="text"
              list={undefined}
              aria-label={`Find in ${label}`}
              placeholder="Type to find"
              role="combobox"
              aria-expanded="true"
              aria-controls={id}
              aria-activedescendant={active}
              value={filter}
              onInput={(event) => {
                setFilter(event.currentTarget.value);
                setAt(0);
              }}
            />
          )}
          <ul
            ref={list}
            id={id}
            role="listbox"
            aria-label={label}
            aria-multiselectable={props.several || undefined}
            tabIndex={isSearched ? -1 : 0}
            aria-activedescendant={isSearched ? undefined : active}
          >
            {shown.map((one, n) => {
              const isChosen = props.several ? Boolean(props.chosen?.includes(one.value)) : one.value === value;
              return (
                <li
                  key={one.value}
                  id={`${id}-${n}`}
                  role="option"
                  aria-selected={isChosen}
                  class={n === at ? "at" : undefined}
                  onPointerMove={() => setAt(n)}
                  onClick={() => take(n)}
                >
                  <span>{one.label}</span>
                  {one.hint !== undefined && <small>{one.hint}</small>}
                </li>
              );
            })}
            {!shown.length && (
              <li role="option" aria-disabled="true" aria-selected="false" class="none">
                {props.empty ?? "nothing of that name"}
              </li>
            )}
          </ul>
        </div>
      )}
    </div>
  );
}

function wordsOf(one: Choice): string {
  return one.text ?? (typeof one.label === "string" ? one.label : one.value);
}
