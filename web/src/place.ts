/** Where the reader is: the address is the state. One entry of the history per place, none per keystroke. */
import { computed, signal } from "@preact/signals";

export interface Place {
  path: string;
  query: Readonly<Record<string, string>>;
}

export type Changes = Record<string, string | null | undefined>;

/** What goes along from screen to screen; everything else belongs to the screen that set it. */
export const CARRIED = ["run", "scenario", "against", "ccy", "as_of_event"] as const;

export function placeOf(address: string): Place {
  const url = new URL(address, "http://page");
  return { path: url.pathname.replace(/(.)\/$/, "$1"), query: Object.fromEntries(url.searchParams) };
}

export function addressOf(place: Place): string {
  const query = Object.entries(place.query)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${encodeURIComponent(name)}=${readable(value)}`);
  return place.path + (query.length ? `?${query.join("&")}` : "");
}

/** Commas, at signs, colons and slashes stay as they are written: links are read by people too. */
function readable(value: string): string {
  return encodeURIComponent(value).replace(/%(2C|40|3A|2F)/g, (escaped) => decodeURIComponent(escaped));
}

export function changed(place: Place, changes: Changes): Place {
  const query: Record<string, string> = { ...place.query };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") delete query[name];
    else query[name] = value;
  }
  return { path: place.path, query };
}

/** The address of another screen, with what goes along. */
export function linkFrom(place: Place, path: string, changes: Changes = {}): string {
  const carried: Record<string, string> = {};
  for (const name of CARRIED) {
    const value = place.query[name];
    if (value) carried[name] = value;
  }
  return addressOf(changed({ path, query: carried }, changes));
}

export const place = signal<Place>(placeOf(typeof location === "undefined" ? "/" : location.href));
export const path = computed(() => place.value.path);
export const query = computed(() => place.value.query);

export function link(path: string, changes: Changes = {}): string {
  return linkFrom(place.value, path, changes);
}

/** Another place: a new entry of the history. */
export function go(address: string): void {
  const next = placeOf(address);
  if (addressOf(next) !== addressOf(place.value)) history.pushState(null, "", addressOf(next));
  place.value = next;
}

/** The same place, seen otherwise: no entry of the history. */
export function set(changes: Changes): void {
  const next = changed(place.value, changes);
  history.replaceState(null, "", addressOf(next));
  place.value = next;
}

/** A choice that the back button should undo. */
export function choose(changes: Changes): void {
  go(addressOf(changed(place.value, changes)));
}

export function listen(): void {
  addEventListener("popstate", () => {
    place.value = placeOf(location.href);
  });
  document.addEventListener("click", (event) => {
    const anchor = (event.target as Element | null)?.closest?.("a");
    if (!anchor || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (anchor.target || anchor.hasAttribute("download") || anchor.origin !== location.origin) return;
    if (!isScreen(anchor.pathname) || anchor.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    go(anchor.href);
  });
}

/** The program's own answers are fetched by the browser, not by the page. */
export function isScreen(path: string): boolean {
  return !/^\/(api|auth|assets)\//.test(path) && !/^\/(openapi\.json|metrics|readyz|healthz)$/.test(path);
}
