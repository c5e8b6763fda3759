import type { JSX } from "preact";

/** Drawn on 16 x 16 with the current colour; always beside a word or an accessible name. */
const DRAWN = {
  mark: () => <><path d="M2 13V8.5M6 13V5.5M10 13V3M14 13V3"/><path d="M2 8.5 6 5.5 10 3h4"/></>,
  overview: () => <><rect x="2" y="2.5" width="5" height="5" rx="1"/><rect x="9" y="2.5" width="5" height="3" rx="1"/><rect x="2" y="9.5" width="5" height="4" rx="1"/><rect x="9" y="7.5" width="5" height="6" rx="1"/></>,
  risk: () => <><path d="M2 13.5h12"/><path d="M4 13.5V9M7 13.5V5M10 13.5V2.5M13 13.5V7"/></>,
  cashflows: () => <><path d="M2 8h12"/><path d="M4 8V4M7 8V2.5M10 8v3.5M13 8v5"/></>,
  capital: () => <><path d="M2.5 6 8 2.5 13.5 6zM3 13.5h10M4.5 6v5M8 6v5M11.5 6v5M3 11h10"/></>,
  scenarios: () => <><path d="M2 11c3 0 3-6 6-6s3 3 6 3"/><path d="M2 13.5c4 0 4-3 6-3s3 1.5 6 1.5"/></>,
  runs: () => <><circle cx="8" cy="8" r="5.75"/><path d="M6.75 5.75v4.5L10.5 8z"/></>,
  compare: () => <><path d="M2 3.5h3v4H2zM6.5 6h3v4h-3zM11 8.5h3v4h-3z"/><path d="M5 7.5h1.5M9.5 10H11"/></>,
  audit: () => <><path d="M8 1.75 13 3.5v4c0 3.5-2.2 5.6-5 6.75C5.2 13.1 3 11 3 7.5v-4z"/><path d="m5.75 8 1.6 1.6 3-3.2"/></>,
  data: () => <><path d="M3 2.5h6.5L13 6v7.5H3z"/><path d="M9.5 2.5V6H13M5.5 9h5M5.5 11.25h3"/></>,
  operations: () => <><path d="M2 4.5h7M12 4.5h2M2 8h2M7 8h7M2 11.5h6M11 11.5h3"/><circle cx="10.5" cy="4.5" r="1.5"/><circle cx="5.5" cy="8" r="1.5"/><circle cx="9.5" cy="11.5" r="1.5"/></>,
  down: () => <><path d="m4 6.5 4 4 4-4"/></>,
  up: () => <><path d="m4 9.5 4-4 4 4"/></>,
  right: () => <><path d="m6.5 4 4 4-4 4"/></>,
  find: () => <><circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3 3"/></>,
  link: () => <><path d="M6.5 9.5 9.5 6.5M7 4.5l1.2-1.2a2.9 2.9 0 0 1 4.1 4.1L11 8.7M9 11.5l-1.2 1.2a2.9 2.9 0 0 1-4.1-4.1L5 7.3"/></>,
  theme: () => <><path d="M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6z"/></>,
  tick: () => <><path d="m3.5 8.5 3 3 6-7"/></>,
  export: () => <><path d="M8 2.5v7.5M5 7.25 8 10.25l3-3M2.75 12.75h10.5"/></>,
  filter: () => <><path d="M2.5 3.5h11L9.5 8.25V12l-3 1.5V8.25z"/></>,
  close: () => <><path d="m4 4 8 8M12 4l-8 8"/></>,
  block: () => <><path d="M8 2 13.5 5v6L8 14 2.5 11V5z"/><path d="M2.5 5 8 8l5.5-3M8 8v6"/></>,
  engine: () => <><rect x="4" y="4" width="8" height="8" rx="1"/><path d="M6.5 4V2M9.5 4V2M6.5 14v-2M9.5 14v-2M4 6.5H2M4 9.5H2M14 6.5h-2M14 9.5h-2"/></>,
  warning: () => <><path d="M8 2.25 14.25 13H1.75z"/><path d="M8 6.5v3M8 11.25v.1"/></>,
  file: () => <><path d="M4 2.5h5L12 5.5v8H4z"/><path d="M9 2.5v3h3"/></>,
  curve: () => <><path d="M2.5 2.5v11h11"/><path d="M4.5 11c1-4 4-6.5 9-7"/></>,
  person: () => <><circle cx="8" cy="5.5" r="2.75"/><path d="M2.75 13.5c.6-2.7 2.7-4 5.25-4s4.65 1.3 5.25 4"/></>,
  again: () => <><path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3"/></>,
  table: () => <><rect x="2.5" y="3" width="11" height="10" rx="1"/><path d="M2.5 6.5h11M2.5 9.75h11M6.5 6.5V13"/></>,
  columns: () => <><rect x="2.5" y="3" width="11" height="10" rx="1"/><path d="M6.2 3v10M9.8 3v10"/></>,
  info: () => <><circle cx="8" cy="8" r="5.75"/><path d="M8 7.5v3.5M8 5.1v.1"/></>,
  error: () => <><circle cx="8" cy="8" r="5.75"/><path d="m6 6 4 4M10 6l-4 4"/></>,
  plus: () => <><path d="M8 3v10M3 8h10"/></>,
  key: () => <><circle cx="5.5" cy="10.5" r="3"/><path d="m7.75 8.25 5.5-5.5M11 5l1.75 1.75"/></>,
  copy: () => <><rect x="5.5" y="5.5" width="8" height="8" rx="1"/><path d="M10.5 5.5v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2"/></>,
  stop: () => <><rect x="4" y="4" width="8" height="8" rx="1"/></>,
  more: () => <><path d="M3.5 8h.1M8 8h.1M12.5 8h.1"/></>,
  menu: () => <><path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/></>,
} satisfies Record<string, () => JSX.Element>;

export type IconName = keyof typeof DRAWN;

export function Icon({ name, small = false, turned = false }: { name: IconName; small?: boolean; turned?: boolean }) {
  const kind = `ic${small ? " s" : ""}${turned ? " turned" : ""}`;
  return (
    <svg class={kind} viewBox="0 0 16 16" aria-hidden="true">
      {DRAWN[name]()}
    </svg>
  );
}
