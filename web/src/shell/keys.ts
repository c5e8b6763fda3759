/** Keys of the whole page. Single letters can be turned off, and never fire while somebody writes. */
import { signal } from "@preact/signals";
import { go, link } from "../place";
import { SCREENS } from "../screens";
import { closeTopmost, layers } from "./layers";
import { commandOfKey } from "./commands";

const KEPT = "tenor-letters-off";
export const areLettersOff = signal(false);
export const areKeysShown = signal(false);

export const KEYS: [keys: string, what: string][] = [
  ["/ or Ctrl K", "find or do anything"],
  ["?", "these keys"],
  ["g then o r c k s n m a d p", "overview, risk, cash flows, capital, scenarios, runs, compare, audit, data, operations"],
  ["x", "choose the run to compare with"],
  [".", "choose the scenario"],
  ["Enter or i", "where a number came from"],
  ["c", "copy as"],
  ["t", "table instead of chart"],
  ["e", "export"],
  ["Esc", "close one layer"],
  ["Arrows, Home, End, PageUp, PageDown", "move in a grid; right opens, left closes"],
];

const GO_WAITS_MS = 1500;
let goUntil = 0;

export function startKeys(openFind: () => void): void {
  areLettersOff.value = localStorage.getItem(KEPT) === "yes";
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openFind();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape" && closeTopmost()) return event.preventDefault();
    if (areLettersOff.value || isWriting(event.target) || layers.value.some((one) => one.isDialog)) return;
    if (pressed(event.key, openFind)) event.preventDefault();
  });
}

export function turnLetters(): void {
  areLettersOff.value = !areLettersOff.value;
  localStorage.setItem(KEPT, areLettersOff.value ? "yes" : "no");
}

function pressed(key: string, openFind: () => void): boolean {
  if (Date.now() < goUntil) {
    goUntil = 0;
    const screen = SCREENS.find((one) => one.key === key);
    if (screen) go(link(screen.path));
    return Boolean(screen);
  }
  if (key === "g") goUntil = Date.now() + GO_WAITS_MS;
  else if (key === "/") openFind();
  else if (key === "?") areKeysShown.value = true;
  else if (key === ".") openList("list-scenario");
  else if (key === "x") openList("list-against");
  else if (key === "t") turnTwin();
  else {
    const command = commandOfKey(key);
    command?.run();
    return Boolean(command);
  }
  return true;
}

function openList(id: string): void {
  document.querySelector<HTMLButtonElement>(`button[data-list="${id}"]`)?.click();
}

/** The table of the chart where the keyboard is, else of the first chart. */
function turnTwin(): void {
  const near = document.activeElement?.closest(".panel")?.querySelector<HTMLButtonElement>("button.twin");
  (near ?? document.querySelector<HTMLButtonElement>("main button.twin"))?.click();
}

function isWriting(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return Boolean(element?.closest("input,textarea,select,[contenteditable],[role=listbox]"));
}

