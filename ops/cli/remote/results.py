"""Figures of a server's runs: the same tables, by the addresses that have them."""

from domain.refusals import Refused
from ops.cli.remote.asking import At, Options

CASH_FLOWS, RISK, REGULATORY = "/api/v1/cashflow", "/api/v1/risk", "/api/v1/regulatory"


def results(at: At) -> None:
    run = named(at["run"])
    chosen = at.some("scenario", "where", "node", "columns", "measures")
    if at["by"]:
        from ops.cli.results import refuse_what_rows_have

        refuse_what_rows_have(attached=at["attached"], sort=at["sort"], prefix=at["prefix"])
        at.put_table(f"/api/v1/results/runs/{run}/totals", by=at["by"], **chosen)
    else:
        beside = at.some("sort", q="prefix") | {"with": at["attached"]}
        at.put_table(f"/api/v1/results/runs/{run}/positions", **chosen, **beside)


def cash_flows(at: At) -> None:
    """What is asked is put together, and what cannot be is refused, as on a database."""
    from ops.cli.cash_flows import Bucketing, asked_of, runs_of, shown_of

    wanted = at.some("position", "deal", "ladder", "repricing", "liquidity", "bridge")
    shown, bucketing = shown_of(wanted), Bucketing(at["by"], at["node"], at["buckets"])
    runs = runs_of(shown, at["run"], at["from_run"], at["to_run"])
    if shown == "bridge":
        refuse_beside(bucketing.node or bucketing.buckets, "--node and --buckets are of ladders and gaps")
        at.put_table(f"{CASH_FLOWS}/bridge", **{"from": runs[0]}, to=runs[1], by=bucketing.by)
        return
    path = f"{CASH_FLOWS}/runs/{named(runs[0])}"
    if shown == "liquidity":
        refuse_beside(bucketing.by or bucketing.buckets, "--by and --buckets are of ladders and gaps")
        rule = named(str(at["liquidity"]).upper())
        at.put_table(f"{path}/liquidity/{rule}", node=bucketing.node, scenario=at["scenario"])
        return
    asked = asked_of(shown, wanted[shown], at["pool"], bucketing, at["scenario"], at["basis"])
    place = {"position": f"positions/{named(asked.name)}", "deal": f"deals/{named(asked.name)}"}
    place["pool"] = f"deals/{named(asked.name)}/pool"
    below = place.get(asked.shown.value, asked.shown.value)
    of_buckets: Options = {"by": asked.by, "node": asked.node, "buckets": asked.buckets}
    at.put_table(f"{path}/{below}", scenario=asked.scenario, basis=asked.basis.value, **of_buckets)


def refuse_beside(beside: str | None, what: str) -> None:
    if beside:
        raise Refused("WHAT_IS_SHOWN", what, "leave them out")


def value_at_risk(at: At) -> None:
    from ops.cli.value_at_risk import lines

    path = f"{RISK}/runs/{named(at['run'])}/var"
    asked = at.some("node", "history", "confidence", "es_confidence", "decay", "method")
    asked["by"] = at["by"] or ("children" if at["contributions"] else None)
    if at["format"] in (None, "table") or at["as_json"]:
        rows = at.get(path, **asked)
        at.output.show(rows, *lines(rows))
    else:
        at.put_table(path, **asked)


def backtest(at: At) -> None:
    import typer

    from ops.cli.files import read_bytes
    from ops.cli.value_at_risk import backtest_lines

    if (at["file"] is None) == (at["run"] is None):
        raise typer.BadParameter("name a FILE, or a run with --run")
    if at["file"] is not None:
        raw = read_bytes(at["file"])
        document = at.post(f"{RISK}/backtest", raw, "text/csv", confidence=at["confidence"])
    else:
        asked = at.some("node", "history", "window", "confidence")
        document = at.get(f"{RISK}/runs/{named(at['run'])}/backtest", **asked)
    at.output.show(document, *backtest_lines(document))


def capital(at: At) -> None:
    from ops.cli.capital.regulatory import REPORTS
    from ops.cli.capital.reports import refuse_unknown_report

    refuse_unknown_report(at["report"], REPORTS)
    years = at["years"] if at["report"] == "migration" else None
    at.put_table(f"{REGULATORY}/runs/{named(at['run'])}/{at['report']}", by=at["by"], years=years)


def quotes(at: At) -> None:
    from ops.cli.risk import show_quotes

    document = at.get(f"{RISK}/runs/{named(at['run'])}/quotes", **at.some("node", "position"))
    show_quotes(at.output, document)


def limits(at: At) -> None:
    """Breaches are recorded first, then the table is read."""
    run = at.post(f"{REGULATORY}/runs/{named(at['run'])}/limits/check", b"")["run_id"]
    at.put_table(f"{REGULATORY}/runs/{run}/limits")


def explain(at: At) -> None:
    from ops.cli.capital.regulatory import lines_of

    document = at.get(f"{REGULATORY}/runs/{named(at['run'])}/explain/{named(at['exposure'])}")
    at.output.show(document, *lines_of(document))


def compare(at: At) -> None:
    at.put_table(f"{REGULATORY}/compare", **{"from": at["from_run"], "to": at["to_run"]})


def differences(at: At) -> None:
    asked: Options = {"from": at["from_run"], "to": at["to_run"], **at.some("measure", "scenario", "node")}
    if at["top"]:
        at.put_table(f"{RISK}/compare/positions", **asked, limit=at["top"])
    else:
        at.put_table(f"{RISK}/compare", **asked, by=at["by"])


def allowance(at: At) -> None:
    from ops.cli.capital.allowance import REPORTS
    from ops.cli.capital.reports import refuse_unknown_report

    refuse_unknown_report(at["report"], REPORTS)
    at.put_table(f"{REGULATORY}/runs/{named(at['run'])}/allowance/{at['report']}")


def rollforward(at: At) -> None:
    at.put_table(f"{REGULATORY}/rollforward", **{"from": at["from_run"], "to": at["to_run"]})


def stress(at: At) -> None:
    from ops.cli.capital.reports import refuse_unknown_report
    from ops.cli.capital.stress import REPORTS

    refuse_unknown_report(at["report"], REPORTS)
    at.put_table(f"{REGULATORY}/runs/{named(at['run'])}/stress/{at['report']}", scenario=at["scenario"])


def named(text: str) -> str:
    """An id as a part of an address."""
    from tenor.operations import segment

    return segment(text)
