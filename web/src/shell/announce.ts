/** One polite live region for the whole page, and the clipboard with a word that it was used. */
import { signal } from "@preact/signals";

export const announced = signal("");
/** Shown for a moment at the foot, and read out. */
export const said = signal("");

let timer: ReturnType<typeof setTimeout> | undefined;
const SHOWN_MS = 4000;

export function announce(text: string): void {
  announced.value = text;
}

export function tell(text: string): void {
  said.value = text;
  announce(text);
  clearTimeout(timer);
  timer = setTimeout(() => (said.value = ""), SHOWN_MS);
}

export async function copyText(text: string, done = "Copied"): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell(done);
  } catch {
    tell("The browser does not let this page copy; select the text instead");
  }
}
