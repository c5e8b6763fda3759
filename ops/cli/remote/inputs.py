"""What is brought to a server: portfolios, markets, scenarios; and the lists of them."""

from datetime import datetime
from pathlib import Path

from ops.cli import ingested, scenarios, snapshots
from ops.cli.files import read_bytes, refuse_unwritable
from ops.cli.output import harmless
from ops.cli.remote.asking import OF_HTTP, At, Options
from ops.cli.tapes import markets as market_files
from ops.cli.tapes.ingest import refuse_without_mapping, tape_lines

SCENARIO = "/api/v1/scenario"


def ingest(at: At) -> None:
    from tenor import TenorError

    sources = [Path(each) for each in at["source"]]
    refuse_without_mapping(sources, at["mapping"], at["book"], at["rejects"])
    refuse_unwritable(at["rejects"])
    asked = at.some("portfolio", "dry_run", "accept_valid", "rates_are_decimals", "mapping", "book", "rejects")
    as_of: datetime | None = at["as_of"]
    source = sources if at["mapping"] else sources[0]
    try:
        report = at.client.portfolios.ingest(source, as_of=as_of.date() if as_of else None, **asked).document
    except TenorError as error:
        if error.code != "PORTFOLIO_REJECTED":
            raise
        report = {name: value for name, value in error.document.items() if name not in OF_HTTP}
    for name in ("event_position", "rejects"):
        report.pop(name, None)
    ingested.show_report(at.output, report, *tape_lines(report, at["rejects"]), is_dry_run=at["dry_run"])


def load_market(at: At) -> None:
    files = [Path(each) for each in at["file"]]
    market_files.refuse_without_mapping(files, at["mapping"], at["as_of"], at["base_currency"])
    as_of: datetime | None = at["as_of"]
    loaded = at.client.markets.load(
        files if at["mapping"] else files[0],
        mapping=at["mapping"],
        as_of=as_of.date() if as_of else None,
        **at.some("base_currency", "rates_are_decimals"),
    ).document
    loaded.pop("event_position", None)
    ingested.show_loaded(at.output, loaded)


def list_portfolios(at: At) -> None:
    show_snapshots(at, at.client.portfolios.list(), "PORTFOLIO")


def list_markets(at: At) -> None:
    show_snapshots(at, at.client.markets.list(), "MARKET")


def show_snapshots(at: At, rows: list[Options], kind: str) -> None:
    names = ("snapshot_id", "name", "as_of", "rows", "sha256", "brought_at", "actor")
    documents = [{name: row["row_counts" if name == "rows" else name] for name in names} for row in rows]
    for each in documents:
        each["brought_at"] = datetime.fromisoformat(each["brought_at"])
    at.output.show(documents, *snapshots.snapshot_table(documents, kind))


def define_scenarios(at: At) -> None:
    raw = read_bytes(Path(at["file"]))
    said = at.client.scenarios.define(raw, rates_are_decimals=at["rates_are_decimals"])
    scenarios.show_defined(at.output, said if isinstance(said, list) else [said], isinstance(said, list))


def define_set(at: At) -> None:
    said = at.client.scenarios.define_set(read_bytes(Path(at["file"])))
    document = {"scenario_set_id": said["scenario_set_id"], "version": said["version"]}
    at.output.show(document, f"@{document['scenario_set_id']}@{document['version']}")


def define_history(at: At) -> None:
    asked = at.some("horizon", "last", "rates_are_decimals")
    document = at.client.scenarios.history(read_bytes(Path(at["file"])), set=at["set_id"], **asked)
    document.pop("event_position", None)
    at.output.show(document, *scenarios.history_lines(document, at["set_id"]))


def list_scenarios(at: At) -> None:
    rows = at.every(f"{SCENARIO}/scenarios")
    documents = [{name: row[name] for name in ("scenario_id", "version", "name")} for row in rows]
    at.output.show(documents, *(f"{one['scenario_id']}@{one['version']}  {one['name']}" for one in documents))


def warn(at: At, line: str) -> None:
    at.output.note(harmless(line))
