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

    from ops.ports import Storage
    from query_api.services.cashflow import AskedFlows

    Found = Callable[[Storage, str], pa.Table]

BASES = ("BEHAVIOURAL", "CONTRACTUAL")


OfPool = Annotated[bool, typer.Option("--pool", help="Of the deal what its lines collect, and where it goes.")]
OfResets = Annotated[bool, typer.Option("--repricing", help="Principal by the bucket in which its rate is set anew.")]
OfRules = Annotated[
    str | None, typer.Option(metavar="SET", help="LCR, NSFR or LIQUIDATION, by the rules in force; under BASE.")
]
OfNode = Annotated[str | None, typer.Option(help="Of a ladder, gap or liquidity: positions of this node and below.")]
InBuckets = Annotated[
    str | None, typer.Option(help="Of a ladder or gap: DEFAULT, IRRBB, LIQUIDITY, or tenors: 1M,3M,1Y.")
]


def register(app: typer.Typer) -> None:
    app.command("cashflows")(cash_flows)


def cash_flows(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help=A_RUN)],
    position: Annotated[str | None, typer.Option(help="The schedule of this position.")] = None,
    deal: Annotated[str | None, typer.Option(help="Every tranche of this deal, by distribution.")] = None,
    pool: OfPool = False,
    ladder: Annotated[bool, typer.Option("--ladder", help="All flows by time bucket.")] = False,
    repricing: OfResets = False,
    liquidity: OfRules = None,
    by: Annotated[str | None, typer.Option(help="Of a ladder or gap: groups, as of `tenor results --by`.")] = None,
    node: OfNode = None,
    buckets: InBuckets = None,
    scenario: Annotated[str | None, typer.Option(help="One scenario; all that the run keeps by default.")] = None,
    basis: Annotated[str, typer.Option(help="BEHAVIOURAL, or CONTRACTUAL: no prepayment, default or call.")] = BASES[0],
    format: Annotated[
        Format | None, typer.Option(help="How to write it; by default a table on a terminal, else csv.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A file; stdout by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cash flows of a run after its date, worked out by the kernels that priced it."""
    from query_api.errors import QueryRefused
    from query_api.results.table import ResultTable

    wanted = {"position": position, "deal": deal, "ladder": ladder, "repricing": repricing, "liquidity": liquidity}
    shown, bucketing = shown_of(wanted), Bucketing(by, node, buckets)
    if shown == "liquidity":
        found = weighed_for(liquidity or "", bucketing, scenario)
    else:
        found = flows_for(asked_of(shown, wanted[shown], pool, bucketing, scenario, basis))
    with opened(context) as tenor:
        run_id = run_named(tenor.storage, run)
        try:
            table = found(tenor.storage, run_id)
        except QueryRefused as refused:
            raise Refused("CASH_FLOWS_REFUSED", str(refused), refused.fix) from refused
    name = "pool" if pool else (liquidity or shown).lower()
    write(ResultTable.of(table, f"run-{run_id}-{name}"), "", format_of(format, as_json, out), out)


def shown_of(wanted: Mapping[str, str | bool | None]) -> str:
    named = [name for name, value in wanted.items() if value not in (None, False)]
    if len(named) != 1:
        fix = f"name one of {', '.join(f'--{name}' for name in wanted)}"
        raise Refused("WHAT_IS_SHOWN", "one thing is shown at a time", fix)
    return named[0]


def flows_for(asked: "AskedFlows") -> "Found":
    from ops.cash_flows import cash_flows_of_run

    return lambda storage, run_id: cash_flows_of_run(storage, run_id, asked)


def weighed_for(rule_set: str, bucketing: "Bucketing", scenario: str | None) -> "Found":
    from ops.liquidity import liquidity_of_run
    from query_api.services.liquidity import AskedLiquidity

    if bucketing.by or bucketing.buckets:
        raise Refused("WHAT_IS_SHOWN", "--by and --buckets are of ladders and gaps", "leave them out")
    asked = AskedLiquidity(rule_set.upper(), bucketing.node, scenario)
    return lambda storage, run_id: liquidity_of_run(storage, run_id, asked)


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
