"""The root page: the latest run's figures, rendered here and complete without a script."""

from collections.abc import Sequence
from importlib.resources import files
from string import Template
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from domain.measures.failures import failure_text, holes_text
from query_api.http.answers import html_page
from query_api.reading import Connect, reading
from query_api.runs import RunRow
from query_api.web import charts, historical_scenarios
from query_api.web.figures import Group, PageFigures, RunFigures, page_figures
from query_api.web.markup import Html, amount, join, link, scale_of, scaled, table, tag, text
from query_api.web.reference import reference_page

REFRESH = Html('<meta http-equiv="refresh" content="3">')
GOOD = ("COMPLETED", "APPROVED", "PUBLISHED")
BAD = ("FAILED", "CANCELLED", "REJECTED")

FIRST_STEPS = """tenor demo                                  # a sample fund, priced and served
tenor ingest PORTFOLIO_DIR                  # or your own: a folder of tables, or a workbook
tenor market load market.json
tenor scenario define scenarios.json
tenor run submit --portfolio ID --market ID --scenarios up100 --wait"""


def build_router(connect: Connect) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    shell = Template(files("query_api.web").joinpath("page.html").read_text(encoding="utf-8"))

    @router.get("/")
    def show(request: Request, run: str | None = None) -> Response:
        with reading(connect) as connection:
            figures = page_figures(connection, run)
        return html_page(request, render(shell, figures))

    @router.get("/docs")
    def docs(request: Request) -> Response:
        return html_page(request, fill(shell, "Tenor API", "API", reference_page(request.app.openapi())))

    return router


def render(shell: Template, figures: PageFigures) -> str:
    shown = figures.shown
    parts = [_unfinished(run) for run in figures.unfinished]
    parts += _run_sections(shown) if shown else [] if figures.unfinished else [_welcome()]
    if figures.runs:
        parts.append(_runs(figures.runs))
    subtitle = f"as of {shown.run.as_of:%d %B %Y}, {shown.run.base_currency}" if shown else "fixed-income risk"
    return fill(shell, "Tenor", subtitle, join(parts), REFRESH if figures.unfinished else Html(""))


def fill(shell: Template, title: str, subtitle: str, body: Html, refresh: Html = Html("")) -> str:
    nav = join(
        [link("/", "Figures"), link("/docs", "API"), link("/openapi.json", "OpenAPI"), link("/readyz", "Health")]
    )
    return shell.substitute(title=text(title), subtitle=text(subtitle), nav=nav, body=body, refresh=refresh)


def _run_sections(shown: RunFigures) -> list[Html]:
    sections = [_header(shown), _desks(shown)]
    pair = [part for part in (_scenarios(shown), _key_rates(shown)) if part]
    tops = [_top(shown, measure) for measure in shown.top]
    sections += [historical_scenarios.section(shown.past, shown.names)] if shown.past else []
    return [*sections, tag("div", *pair, class_="pair"), tag("div", *tops, class_="pair"), _downloads(shown)]


def _header(shown: RunFigures) -> Html:
    run = shown.run
    facts = [
        ("Status", _badge(run.status)),
        ("Positions", text(f"{run.positions:,}")),
        ("Priced", text(f"{run.priced or 0:,}")),
        ("Failed", text(f"{run.failed or 0:,}")),
        ("Partial", text(f"{run.partial or 0:,}")),
        ("Results", text(f"{run.positions * len(run.scenarios):,}")),
        ("Request to figures", text(f"{run.seconds or 0:,.1f} s")),
        ("Portfolio", _hash(shown.hashes.get(run.portfolio_snapshot_id, ""))),
        ("Market", _hash(shown.hashes.get(run.market_snapshot_id, ""))),
    ]
    items = join(tag("div", tag("dt", text(name)), tag("dd", value)) for name, value in facts)
    parts = [tag("h2", text(f"Run {run.run_id}")), tag("dl", items), *_holes(run)]
    if run.failure_counts:
        counts = sorted(run.failure_counts.items(), key=lambda pair: -pair[1])
        rows = [[text(reason), text(f"{count:,}")] for reason, count in counts]
        blanks = table("Positions without a number, in any scenario", ["Reason", "Positions"], rows)
        parts.append(tag("details", tag("summary", text("What is left out, and why")), blanks))
    return tag("section", *parts)


def _holes(run: RunRow) -> list[Html]:
    """Before any figure: what the figures leave out, and why."""
    holes = holes_text(run.positions, run.failed, run.partial)
    lines = [tag("li", text(failure_text(failure))) for failure in run.failures]
    return [
        tag("div", tag("p", text(f"Incomplete: {holes}.")), tag("ul", *lines), class_="note", role="status")
    ] * bool(holes)


def _desks(shown: RunFigures) -> Html:
    groups = [*shown.desks, shown.total]
    scenarios = list(shown.total.gains)
    value_unit, value_words = scale_of(group.figures.get("pv") for group in groups)
    gain_unit, gain_words = scale_of(gain for group in groups for gain in group.gains.values())
    widest = max((abs(group.figures.get("pv") or 0.0) for group in shown.desks), default=0.0)
    risks = [name for name in ("dv01", "cs01") if name in shown.total.figures]
    currency = shown.run.base_currency
    heads = ["Desk", "Positions", "Left out", f"PV, {currency} {value_words}".strip()]
    heads += [f"{name.upper()}, {currency}" for name in risks] + scenarios

    def cells(group: Group) -> list[Html]:
        value = group.figures.get("pv")
        bar = charts.spark(value, widest) if group is not shown.total else Html("")
        gains = [scaled(group.gains.get(name), gain_unit, signed=True) for name in scenarios]
        counts = [amount(group.positions), amount(group.left_out)]
        return [text(group.name), *counts, Html(scaled(value, value_unit) + bar), *_risks(group, risks), *gains]

    gains = (
        f"Scenario columns: gain or loss against BASE, {currency} {gain_words}".strip() if scenarios else "Under BASE"
    )
    return tag("section", tag("h2", text("Totals by desk")), table(gains, heads, [cells(group) for group in groups]))


def _risks(group: Group, names: Sequence[str]) -> list[Html]:
    return [amount(group.figures.get(name)) for name in names]


def _scenarios(shown: RunFigures) -> Html | None:
    unit, words = scale_of(shown.total.gains.values())
    bars = [(name, gain / unit) for name, gain in shown.total.gains.items() if gain is not None]
    if not bars:
        return None
    title = f"Gain or loss against BASE, {shown.run.base_currency} {words}".strip()
    chart = charts.rows(title, bars, "+,.1f" if unit > 1 else "+,.0f")
    return tag("section", tag("h2", text(title)), chart)


def _key_rates(shown: RunFigures) -> Html | None:
    if not shown.key_rates:
        return None
    title = f"Key-rate DV01, {shown.run.base_currency} per basis point"
    rows = [[text(tenor), amount(value, 2)] for tenor, value in shown.key_rates]
    rows.append([text("sum"), amount(sum(value for _, value in shown.key_rates), 2)])
    numbers = tag("details", tag("summary", text("As a table")), table(title, ["Key rate", "DV01"], rows))
    return tag("section", tag("h2", text(title)), charts.columns(title, shown.key_rates), numbers)


def _top(shown: RunFigures, measure: str) -> Html:
    run, rows = shown.run, shown.top[measure]
    widest = max((abs(row["value"]) for row in rows), default=0.0)
    lines = [
        [
            link(f"/api/v1/results/runs/{run.run_id}/positions/{_path(row['position_id'])}", row["position_id"]),
            Html(amount(row["value"]) + charts.spark(row["value"], widest)),
        ]
        for row in rows
    ]
    title = f"Largest positions by {measure}"
    return tag(
        "section", tag("h2", text(title)), table(f"{run.base_currency}, under BASE", ["Position", measure], lines)
    )


def _downloads(shown: RunFigures) -> Html:
    home = f"/api/v1/results/runs/{shown.run.run_id}"
    formats = (("csv", "CSV"), ("parquet", "Parquet"), ("xlsx", "Excel"), ("arrow", "Arrow"))
    positions = [tag("li", link(f"{home}/positions?format={each}", f"Positions, {name}")) for each, name in formats]
    totals = [
        tag("li", link(f"{home}/totals?by={_path(by)}&format=csv", f"by {by}"))
        for by in shown.groupings
        if by != "node"
    ]
    return tag(
        "section",
        tag("h2", text("Downloads")),
        tag("ul", *positions, class_="links"),
        tag("details", tag("summary", text("Totals as CSV")), tag("ul", *totals, class_="links")),
    )


def _runs(runs: list[RunRow]) -> Html:
    lines = [
        [
            link(f"/?run={run.run_id}", str(run.run_id)) if run.is_queryable else text(run.run_id),
            _badge(run.status),
            text(f"{run.as_of:%Y-%m-%d}"),
            text(f"{run.requested_at:%Y-%m-%d %H:%M:%S} UTC"),
            amount(run.positions),
            amount(len(run.scenarios)),
            amount(run.failed),
            amount(run.seconds, 1),
        ]
        for run in runs
    ]
    heads = ["Run", "Status", "As of", "Requested", "Positions", "Scenarios", "Failed", "Seconds"]
    return tag("section", tag("h2", text("Runs")), table("Newest first", heads, lines, numeric_from=4))


def _unfinished(run: RunRow) -> Html:
    done = f"{run.chunks_done:,} of {run.chunks:,} chunks done" if run.chunks else "waiting to be planned"
    words = f"Run {run.run_id} is {run.status}: {done}"
    bar = tag("progress", value=run.chunks_done, max=max(run.chunks or 0, 1))
    return tag("section", tag("h2", text(words)), bar, class_="note", role="status")


def _welcome() -> Html:
    return tag(
        "section",
        tag("h2", text("No runs yet")),
        tag(
            "p", text("A run values a portfolio on a market under scenarios. This page shows its figures as they come.")
        ),
        tag("pre", tag("code", text(FIRST_STEPS))),
    )


def _badge(status: str) -> Html:
    kind = "good" if status in GOOD else "bad" if status in BAD else ""
    return tag("span", text(status.replace("_", " ").lower()), class_=f"badge {kind}".strip())


def _hash(sha256: str) -> Html:
    return tag("code", text(sha256[:12]), title=sha256)


def _path(name: str) -> str:
    return quote(name, safe="")
