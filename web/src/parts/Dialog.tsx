/** A sheet over the screen: in the middle, or as a drawer at the right. Focus stays in it and goes back where it was. */
import type { ComponentChildren } from "preact";
import { createPortal } from "preact/compat";
import { useLayoutEffect, useRef } from "preact/hooks";
import { addLayer } from "../shell/layers";

interface DialogProps {
  label: string;
  kind: "finder" | "drawer" | "sheet";
  onClose(): void;
  children: ComponentChildren;
}

const REACHED = "a[href],button:not([disabled]),input:not([disabled]),select,textarea,[tabindex='0']";

export function Dialog({ label, kind, onClose, children }: DialogProps) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const away = addLayer({ name: label, close: onClose, isDialog: true });
    const wanted = box.current?.querySelector<HTMLElement>("[data-first]") ?? box.current?.querySelector<HTMLElement>(REACHED) ?? box.current;
    wanted?.focus();
    return () => {
      away();
      before?.focus?.();
    };
  }, []);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      onClose();
    } else if (event.key === "Tab") keepInside(event, box.current);
  };
  return createPortal(
    <div class={`under ${kind}`} onPointerDown={(event) => event.target === event.currentTarget && onClose()}>
      <div ref={box} class={`dialog ${kind}`} role="dialog" aria-modal="true" aria-label={label} tabIndex={-1} onKeyDown={onKey}>
        {children}
      </div>
    </div>,
    document.getElementById("layers") ?? document.body,
  );
}

function keepInside(event: KeyboardEvent, box: HTMLElement | null): void {
  const stops = [...(box?.querySelectorAll<HTMLElement>(REACHED) ?? [])].filter((one) => one.offsetParent !== null);
  const first = stops[0];
  const last = stops.at(-1);
  if (!first || !last) return;
  if (event.shiftKey && document.activeElement === first) {
    event.preventDefault();
    last.focus();
  } else if (!event.shiftKey && document.activeElement === last) {
    event.preventDefault();
    first.focus();
  }
}
