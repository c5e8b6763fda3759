"""Small bar charts as inline SVG; each has a title for every bar, and a table with the same numbers beside it."""

from query_api.web.markup import Html, amount, join, tag, text

WIDTH, HEIGHT, LABEL = 660, 240, 22
BAR_HEIGHT, NAME_WIDTH = 22, 190


def columns(title: str, bars: list[tuple[str, float]]) -> Html:
    """Upright bars around zero, one for each label."""
    highest = max((value for _, value in bars), default=0.0)
    lowest = min((value for _, value in bars), default=0.0)
    top, bottom = max(highest, 0.0), min(lowest, 0.0)
    unit = (HEIGHT - 2 * LABEL) / ((top - bottom) or 1.0)
    zero = LABEL + top * unit
    step = WIDTH / max(len(bars), 1)
    parts = [_line(0, zero, WIDTH, zero)]
    for place, (label, value) in enumerate(bars):
        x, height = place * step, abs(value) * unit
        y = zero - height if value >= 0 else zero
        parts.append(_bar(x + step * 0.16, y, step * 0.68, height, value, f"{label}: {amount(value)}"))
        parts.append(_label(x + step / 2, HEIGHT - 4, label, "middle"))
    return _figure(title, WIDTH, HEIGHT, parts)


def rows(title: str, bars: list[tuple[str, float]], signed: str = "+,.0f") -> Html:
    """Lying bars around zero, with names to the left and numbers at their ends."""
    widest = max((abs(value) for _, value in bars), default=0.0) or 1.0
    has_losses = any(value < 0 for _, value in bars)
    has_gains = any(value > 0 for _, value in bars)
    room = WIDTH - NAME_WIDTH - 120 * (has_losses + has_gains)
    unit = room / (widest * (2 if has_losses and has_gains else 1))
    zero = NAME_WIDTH + (120 + (room / 2 if has_gains else room) if has_losses else 0)
    parts = [_line(zero, 0, zero, BAR_HEIGHT * len(bars))]
    for place, (label, value) in enumerate(bars):
        y, length = place * BAR_HEIGHT, abs(value) * unit
        words = format(value, signed).replace("-", "\N{MINUS SIGN}")
        x = zero if value >= 0 else zero - length
        parts.append(_label(0, y + 15, label if len(label) <= 26 else label[:25] + "…", "start"))
        parts.append(_bar(x, y + 4, length, BAR_HEIGHT - 8, value, f"{label}: {words}"))
        end = zero + length + 6 if value >= 0 else zero - length - 6
        parts.append(_label(end, y + 15, words, "start" if value >= 0 else "end"))
    return _figure(title, WIDTH, BAR_HEIGHT * len(bars) + 4, parts)


def spark(value: float | None, widest: float) -> Html:
    """A bar for a cell of a table: its share of the largest."""
    share = min(abs(value) / widest, 1.0) * 100 if value and widest else 0.0
    bar = tag("rect", x=0, y=0, width=f"{share:.1f}", height=6, rx=2, class_="below" if (value or 0) < 0 else "above")
    return tag("svg", bar, class_="spark", viewBox="0 0 100 6", preserveAspectRatio="none", aria_hidden="true")


def _figure(title: str, width: float, height: float, parts: list[Html]) -> Html:
    named = {"role": "img", "aria-label": title}
    said = "".join(f' {key}="{text(value)}"' for key, value in named.items())
    return Html(f'<svg class="chart" viewBox="0 0 {width:g} {height:g}"{said}>{join(parts)}</svg>')


def _bar(x: float, y: float, width: float, height: float, value: float, words: str) -> Html:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}", "rx": 2}
    return tag("rect", tag("title", text(words)), class_="below" if value < 0 else "above", **place)


def _line(x1: float, y1: float, x2: float, y2: float) -> Html:
    return tag("line", class_="axis", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}")


def _label(x: float, y: float, words: str, anchor: str) -> Html:
    return tag("text", text(words), x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)
