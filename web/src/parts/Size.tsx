/** An element whose size is data. Style attributes are forbidden by the page's policy; the CSSOM is not. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface SizeProps {
  as?: "div" | "span" | "i" | "col" | "tr" | "td";
  class?: string;
  width?: string;
  height?: string;
  left?: string;
  top?: string;
  pad?: string;
  columns?: string;
  hidden?: boolean;
  title?: string;
  children?: ComponentChildren;
}

export function Size({ as: Tag = "div", width, height, left, top, pad, columns, hidden, ...rest }: SizeProps) {
  const element = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const style = element.current?.style;
    if (!style) return;
    style.width = width ?? "";
    style.height = height ?? "";
    style.left = left ?? "";
    style.top = top ?? "";
    style.paddingLeft = pad ?? "";
    style.gridTemplateColumns = columns ?? "";
  }, [width, height, left, top, pad, columns]);
  const Any = Tag as "div";
  return <Any ref={element as never} aria-hidden={hidden || undefined} {...rest} />;
}
