/** One field that finds what there is and does what can be done. */
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import { Dialog } from "../parts/Dialog";
import { Icon, type IconName } from "../parts/Icon";
import { answerTo } from "../api/asking";
import { pageOf, question } from "../api/client";
import type { PositionRow, TreeNode } from "../api/shapes";
import { counted, day, short } from "../numbers/format";
import { MEASURES } from "../numbers/measures";
import { go, link } from "../place";
import { SCREENS } from "../screens";
import { run, runs } from "../state/book";
import { latest, remember } from "../state/latest";
import { screenCommands } from "./commands";
import { statusInWords } from "./words";
import { turnTheme } from "./theme";
import { copyLink } from "./ContextBar";

export const isFindOpen = signal(false);

export function openFind(): void {
  isFindOpen.value = true;
}

interface Found {
  group: string;
  name: string;
  hint?: string;
  right?: string;
  icon: IconName;
  key?: string;
  to?: string;
  run?(): void;
}

const MOST_OF_A_KIND = 6;
const ASKED_AFTER_MS = 120;

export function Find() {
  if (!isFindOpen.value) return null;
  return <FindDialog />;
}

function FindDialog() {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const positions = usePositions(text);
  const nodes = useNodes();
  const found = text.trim() ? [...matches(text.trim(), nodes), ...positions] : recent();
  const list = useRef<HTMLDivElement>(null);
  const close = () => (isFindOpen.value = false);
  const take = (one: Found | undefined, isNewTab = false) => {
    if (!one) return;
    close();
    if (one.to && isNewTab) window.open(one.to, "_blank", "noopener");
    else if (one.to) {
      remember({ name: one.name, to: one.to, icon: one.icon });
      go(one.to);
    } else one.run?.();
  };
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const onKey = (event: KeyboardEvent) => {
    const last = Math.max(0, found.length - 1);
    if (event.key === "ArrowDown") setAt(Math.min(last, at + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
    else if (event.key === "Enter") take(found[at], event.ctrlKey || event.metaKey);
    else return;
    event.preventDefault();
  };
  let group = "";
  return (
    <Dialog label="Find or do anything" kind="finder" onClose={close}>
      <div class="ask">
        <Icon name="find" />
        <input
          data-first
          type="text"
          role="combobox"
          aria-label="Find or do anything"
          aria-expanded="true"
          aria-controls="found"
          aria-activedescendant={found[at] ? `found-${at}` : undefined}
          placeholder="Find a position, desk, run, scenario or measure, or do anything"
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKey}
        />
        <kbd>Esc</kbd>
      </div>
      <div class="found" id="found" role="listbox" aria-label="Found" ref={list}>
        {found.flatMap((one, n) => {
          const head = one.group === group ? [] : [<h3 key={`h-${one.group}`} role="presentation">{one.group}</h3>];
          group = one.group;
          return [
            ...head,
            <div
              key={`${one.group}-${one.name}-${n}`}
              id={`found-${n}`}
              role="option"
              aria-selected={n === at}
              class="hitrow"
              onPointerMove={() => setAt(n)}
              onClick={(event) => take(one, event.ctrlKey || event.metaKey)}
            >
              <Icon name={one.icon} />
              <span class="nw">
                {marked(one.name, text.trim())} {one.hint && <span class="muted">{one.hint}</span>}
              </span>
              <span class="grow" />
              {one.right && <span class="muted">{one.right}</span>}
              {one.key && <kbd>{one.key}</kbd>}
            </div>,
          ];
        })}
        {!found.length && <p class="none">Nothing of that name that you may see.</p>}
      </div>
      <p class="how">
        <span>
          <kbd>↑↓</kbd> choose
        </span>
        <span>
          <kbd>↵</kbd> open
        </span>
        <span>
          <kbd>Ctrl ↵</kbd> in a new tab
        </span>
        <span class="grow" />
        <span aria-live="polite">{counted(found.length, "result")} · only what you may see</span>
      </p>
    </Dialog>
  );
}

function marked(name: string, text: string): JSX.Element {
  const start = text ? name.toLowerCase().indexOf(text.toLowerCase()) : -1;
  if (start < 0) return <>{name}</>;
  return (
    <>
      {name.slice(0, start)}
      <b class="hitword">{name.slice(start, start + text.length)}</b>
      {name.slice(start + text.length)}
    </>
  );
}

function recent(): Found[] {
  const before = latest().map((one) => ({ group: "Latest", ...one }));
  return [...before, ...screens(""), ...commands("")];
}

function matches(text: string, nodes: TreeNode[]): Found[] {
  return [...nodesOf(text, nodes), ...screens(text), ...runsOf(text), ...scenariosOf(text), ...measuresOf(text), ...commands(text)];
}

function fits(name: string, text: string): boolean {
  return name.toLowerCase().split(/[\s._@-]+/).some((word) => word.startsWith(text.toLowerCase())) || name.toLowerCase().startsWith(text.toLowerCase());
}

function nodesOf(text: string, nodes: TreeNode[]): Found[] {
  const found = nodes.filter((one) => fits(one.name, text) || fits(one.node_id, text)).slice(0, MOST_OF_A_KIND);
  return found.map((one) => ({
    group: "Nodes",
    name: one.name,
    hint: `${one.kind.toLowerCase()} · ${counted(one.positions, "position")}`,
    icon: "risk",
    to: link("/risk", { node: one.node_id }),
  }));
}

function screens(text: string): Found[] {
  const shown = SCREENS.filter((one) => one.group && (!text || fits(one.name, text)));
  return shown.map((one) => ({ group: "Screens", name: one.name, icon: one.icon, key: one.key && `g ${one.key}`, to: link(one.path) }));
}

function runsOf(text: string): Found[] {
  const found = (runs.value?.rows ?? []).filter((one) => one.run_id.startsWith(text.toLowerCase())).slice(0, MOST_OF_A_KIND);
  return found.map((one) => ({
    group: "Runs",
    name: short(one.run_id),
    hint: `${statusInWords(one.status)} · ${day(one.as_of)}`,
    icon: "runs",
    to: link("/risk", { run: one.run_id }),
  }));
}

function scenariosOf(text: string): Found[] {
  const found = (run.value?.scenarios ?? []).filter((one) => fits(one, text)).slice(0, MOST_OF_A_KIND);
  return found.map((one) => ({
    group: "Scenarios of this run",
    name: one,
    icon: "scenarios",
    to: link("/risk", { scenario: one === "BASE" ? null : one }),
  }));
}

function measuresOf(text: string): Found[] {
  const found = Object.entries(MEASURES).filter(([name, [label]]) => fits(name, text) || fits(label, text));
  return found.slice(0, MOST_OF_A_KIND).map(([name, [, , meaning]]) => ({
    group: "Measures",
    name,
    hint: meaning,
    icon: "info",
    to: link("/docs", { measure: name }),
  }));
}

function commands(text: string): Found[] {
  const always: Found[] = [
    { group: "Commands", name: "Dark or light", icon: "theme", run: turnTheme },
    { group: "Commands", name: "Copy a permanent link", icon: "link", run: copyLink },
  ];
  const ofScreen = screenCommands.value.map((one): Found => ({ group: "Commands", ...one }));
  return [...ofScreen, ...always].filter((one) => !text || fits(one.name, text));
}

function useNodes(): TreeNode[] {
  const [nodes, setNodes] = useState<TreeNode[]>([]);
  useEffect(() => {
    const id = run.value?.run_id;
    if (!id) return;
    const tree = question<TreeNode[], "/api/v1/portfolio/runs/{run_id}/tree">("/api/v1/portfolio/runs/{run_id}/tree", {
      path: { run_id: id },
      query: { measures: "PV" },
    });
    answerTo(tree).then(setNodes, () => setNodes([]));
  }, []);
  return nodes;
}

/** By the beginning of an id, once somebody has stopped to write. */
function usePositions(text: string): Found[] {
  const [found, setFound] = useState<Found[]>([]);
  useEffect(() => {
    const id = run.value?.run_id;
    const start = text.trim();
    setFound([]);
    if (!id || start.length < 2) return;
    let isOver = false;
    const timer = setTimeout(async () => {
      const asked = pageOf<PositionRow, "/api/v1/results/runs/{run_id}/positions">("/api/v1/results/runs/{run_id}/positions", {
        path: { run_id: id },
        query: { q: start, limit: MOST_OF_A_KIND, columns: "pv" },
      });
      const rows = await asked.ask().then((page) => page.rows, () => []);
      if (isOver) return;
      setFound(rows.map((one) => ({ group: "Positions", name: one.position_id, hint: one.book_id, icon: "file", to: link(`/positions/${encodeURIComponent(one.position_id)}`) })));
    }, ASKED_AFTER_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [text]);
  return found;
}
