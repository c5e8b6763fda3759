/** Light or dark: as the system says, until the reader chooses. */
import { effect, signal } from "@preact/signals";

type Theme = "light" | "dark";
const KEPT = "tenor-theme";

function begin(): Theme {
  const asked = new URLSearchParams(location.search).get("theme") ?? localStorage.getItem(KEPT);
  if (asked === "light" || asked === "dark") return asked;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export const theme = signal<Theme>("light");

export function startTheme(): void {
  theme.value = begin();
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
}

export function turnTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  localStorage.setItem(KEPT, theme.value);
}
