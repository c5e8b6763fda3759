"""`tenor cashflows RUN`: what will be paid, when: of a position, a deal, of all by time bucket; and liquidity."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from domain.refusals import Refused
from ops.cli.options import A_RUN, AsJson, opened
from ops.cli.results import Format, format_of, write
from ops.ids import run_named

if TYPE_CHECKING:
    import pyarrow as pa

    from query_api.services.cashflow import AskedFlows

    Found = Callable[..., pa.Table]

BASES = ("BEHAVIOURAL", "CONTRACTUAL")


Position = Annotated[str | None, typer.Option(help="The schedule of this position.")]
ADeal = Annotated[str | None, typer.Option(help="Every tranche of this deal, by distribution.")]
Pool = Annotated[bool, typer.Option("--pool", help="Of the deal what its lines collect, and where it goes.")]
Ladder = Annotated[bool, typer.Option("--ladder", help="All flows by time bucket.")]
Repricing = Annotated[bool, typer.Option("--repricing", help="Principal by the bucket in which its rate is set anew.")]
OfSet = Annotated[
    str | None, typer.Option(metavar="SET", help="LCR, NSFR or LIQUIDATION, by the rules in force; under BASE.")
]
ABridge = Annotated[
    bool, typer.Option("--bridge", help="Why durations moved between two runs: --from the one, --to the other.")
]
FromRun = Annotated[str | None, typer.Option("--from", help="Of a bridge: the earlier run.")]
ToRun = Annotated[str | None, typer.Option("--to", help="Of a bridge: the later run.")]
By = Annotated[str | None, typer.Option(help="Of a ladder, gap or bridge: groups, as of `tenor results --by`.")]
OfNode = Annotated[str | None, typer.Option(help="Of a ladder, gap or liquidity: positions of this node and below.")]
InBuckets = Annotated[
    str | None, typer.Option(help="Of a ladder or gap: DEFAULT, IRRBB, LIQUIDITY, or tenors: 1M,3M,1Y.")
]
OfScenario = Annotated[str | None, typer.Option(help="One scenario; all that the run keeps by default.")]
OfBasis = Annotated[str, typer.Option(help="BEHAVIOURAL, or CONTRACTUAL: no prepayment, default or call.")]
InFormat = Annotated[Format | None, typer.Option(help="How to write it; by default a table on a terminal, else csv.")]
Out = Annotated[Path | None, typer.Option(help="A file; stdout by default.")]


def register(app: typer.Typer) -> None:
    app.command("cashflows")(cash_flows)


def cash_flows(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help=A_RUN)] = "",
    position: Position = None,
    deal: ADeal = None,
    pool: Pool = False,
    ladder: Ladder = False,
    repricing: Repricing = False,
    liquidity: OfSet = None,
    bridge: ABridge = False,
    from_run: FromRun = None,
    to_run: ToRun = None,
    by: By = None,
    node: OfNode = None,
    buckets: InBuckets = None,
    scenario: OfScenario = None,
    basis: OfBasis = BASES[0],
    format: InFormat = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Cash flows of a run after its date, worked out by the kernels that priced it."""
    from query_api.errors import QueryRefused
    from query_api.results.table import ResultTable

    wanted = {"position": position, "deal": deal, "ladder": ladder, "repricing": repricing, "liquidity": liquidity}
    shown, bucketing = shown_of({**wanted, "bridge": bridge}), Bucketing(by, node, buckets)
    runs = runs_of(shown, run, from_run, to_run)
    if shown == "bridge":
        found = bridge_for(bucketing)
    elif shown == "liquidity":
        found = weighed_for(liquidity or "", bucketing, scenario)
    else:
        found = flows_for(asked_of(shown, wanted[shown], pool, bucketing, scenario, basis))
    with opened(context) as tenor:
        ids = [run_named(tenor.storage, each) for each in runs]
        try:
            table = found(tenor.storage, *ids)
        except QueryRefused as refused:
            raise Refused("CASH_FLOWS_REFUSED", str(refused), refused.fix) from refused
    name = f"run-{'-'.join(ids)}-{'pool' if pool else (liquidity or shown).lower()}"
    write(ResultTable.of(table, name), "", format_of(format, as_json, out), out)


def runs_of(shown: str, run: str, from_run: str | None, to_run: str | None) -> list[str]:
    """One, but of a bridge two."""
    if shown != "bridge":
        if from_run or to_run:
            raise Refused("WHAT_IS_SHOWN", "--from and --to are of a bridge", "add --bridge, or name the run alone")
        if not run:
            raise typer.BadParameter("name a run, or `latest`", param_hint="RUN")
        return [run]
    if run:
        raise typer.BadParameter("a bridge has no run of its own: name two by --from and --to", param_hint="RUN")
    if not (from_run and to_run):
        raise typer.BadParameter("a bridge leads --from a run --to another", param_hint="--from, --to")
    return [from_run, to_run]


def shown_of(wanted: Mapping[str, str | bool | None]) -> str:
    named = [name for name, value in wanted.items() if value not in (None, False)]
    if len(named) != 1:
        fix = f"name one of {', '.join(f'--{name}' for name in wanted)}"
        raise Refused("WHAT_IS_SHOWN", "one thing is shown at a time", fix)
    return named[0]


def flows_for(asked: "AskedFlows") -> "Found":
    from ops.cash_flows.tables import cash_flows_of_run

    return lambda storage, run_id: cash_flows_of_run(storage, run_id, asked)


def weighed_for(rule_set: str, bucketing: "Bucketing", scenario: str | None) -> "Found":
    from ops.cash_flows.liquidity import liquidity_of_run
    from query_api.services.liquidity import AskedLiquidity

    if bucketing.by or bucketing.buckets:
        raise Refused("WHAT_IS_SHOWN", "--by and --buckets are of ladders and gaps", "leave them out")
    asked = AskedLiquidity(rule_set.upper(), bucketing.node, scenario)
    return lambda storage, run_id: liquidity_of_run(storage, run_id, asked)


def bridge_for(bucketing: "Bucketing") -> "Found":
    from ops.cash_flows.bridge import bridge_of_runs
    from query_api.services.bridge import AskedBridge

    if bucketing.node or bucketing.buckets:
        raise Refused("WHAT_IS_SHOWN", "--node and --buckets are of ladders and gaps", "leave them out")
    return lambda storage, first, second: bridge_of_runs(storage, AskedBridge(first, second, bucketing.by))


class Bucketing(NamedTuple):
    """What ladders and gaps alone are asked by."""

    by: str | None
    node: str | None
    buckets: str | None


def asked_of(
    shown: str, name: str | bool | None, pool: bool, bucketing: Bucketing, scenario: str | None, basis: str
) -> "AskedFlows":
    from query_api.services.cashflow import AskedFlows, Basis, Shown

    if pool and shown != "deal":
        raise Refused("WHAT_IS_SHOWN", "a pool is a deal's", "name a --deal")
    if any(bucketing) and shown not in ("ladder", "repricing"):
        raise Refused("WHAT_IS_SHOWN", "--by, --node and --buckets are of ladders and gaps", "leave them out")
    if basis.upper() not in BASES:
        raise Refused("UNKNOWN_BASIS", f"there is no basis {basis!r}", f"use {' or '.join(BASES)}")
    of = Shown.POOL if pool else Shown(shown)
    return AskedFlows(of, name if isinstance(name, str) else "", scenario, Basis(basis.upper()), *bucketing)
