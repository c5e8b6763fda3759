"""`tenor check`: what a run will lack, said before it is asked for."""

from typing import Annotated, Any

import typer

from domain.measures.failures import failure_text
from ops.cli.options import A_SNAPSHOT, AsJson, opened
from ops.cli.output import Output
from ops.ids import near_scenarios_named, whole_id_of

REMARKED = {"DATES_DIFFER": "dates", "ROWS_AS_PRINTED": "matrix"}
"""What a remark is about, by its code."""


def register(app: typer.Typer) -> None:
    app.command()(check)


def check(
    context: typer.Context,
    portfolio: Annotated[str, typer.Option(help=A_SNAPSHOT)],
    market: Annotated[str, typer.Option(help=A_SNAPSHOT)],
    scenarios: Annotated[str, typer.Option(help="`a,b@2,@set`; BASE is always looked at.")] = "",
    measures: Annotated[str, typer.Option(help="`PV,DV01`; all that Tenor has by default.")] = "",
    base_currency: Annotated[str | None, typer.Option(help="Default: the market's.")] = None,
    as_json: AsJson = False,
) -> None:
    """What a run over these would lack, by sentence and count. Nothing is priced, nothing stored."""
    from compute.engine_version import pin_arithmetic
    from ops.processes.kernel_cache import use_numba_cache

    pin_arithmetic()  # before numpy is there: the compiled kernels are the workers'
    with opened(context) as tenor:
        use_numba_cache(tenor.settings)
        from commands.submit_run import SubmitRun
        from ops.cli.runs import words
        from ops.read_models import catch_up_catalogues
        from ops.readiness import check_before_run

        portfolio = whole_id_of(tenor.storage, "portfolio", portfolio)
        market = whole_id_of(tenor.storage, "market", market)
        command = SubmitRun(portfolio, market, words(scenarios), words(measures), base_currency)
        catch_up_catalogues(tenor.storage)
        with near_scenarios_named(tenor.storage):
            document = check_before_run(tenor.storage, tenor.envelope(), command)
    Output(as_json).show(document, *lines_of(document))


def lines_of(document: dict[str, Any]) -> list[str]:
    dates = [f"{REMARKED[each['code']]:<10}{each['sentence']}; {each['fix']}" for each in document["remarks"]]
    if document["ok"]:
        return [f"nothing is lacking: all of {document['positions']:,} positions can be valued", *dates]
    failed, positions = document["failed"], document["positions"]
    lines = [
        f"of {positions:,} positions {failed:,} will have no value"
        if failed
        else f"all of {positions:,} positions can be valued"
    ]
    lines += [f"  {failure_text(each)}" for each in document["failures"]]
    lines += [f"curve     {each['sentence']}; {each['fix']}" for each in document["coarse_curves"]]
    models = [f"{each['model']}@{each['version']}" for each in document["models_without_approval"]]
    if models:
        lines.append(f"models without approval: {', '.join(models)} (tenor model approve MODEL@VERSION --reason …)")
    return lines + dates
