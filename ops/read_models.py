"""The read models, and how to build any version of each."""

from collections.abc import Sequence
from functools import partial

from ops.adapters.database import DatabaseProblem
from ops.ports import Storage
from ops.wiring import utc_now
from projections.catalogue.run_status import RunStatusProjection
from projections.catalogue.scenarios import ScenarioProjection
from projections.catalogue.snapshots import SnapshotProjection
from projections.catalogue.valuation_models import ModelProjection
from projections.engine.runner import catch_up
from projections.engine.versions import OnPoison, ReadModel


def build_projections(storage: Storage) -> Sequence[ReadModel]:
    from ops.regulatory.netted_sums import net_up_for
    from projections.cash_flows.ladders import KeptRows, LadderProjection
    from projections.catalogue.portfolio_tree import PortfolioTreeProjection
    from projections.results.archivable import ArchivableResults
    from projections.results.publication import ResultsProjection

    tree = partial(PortfolioTreeProjection, storage.blobs, storage.portfolio_codec)
    parts = (storage.store, storage.blobs, storage.portfolio_codec, storage.block_codec, utc_now)

    def results(version: int) -> ArchivableResults:
        return ArchivableResults(ResultsProjection(*parts, version, net_up_for(storage)), storage.store, version)

    return (
        *catalogues(),
        ReadModel("portfolio_node", PortfolioTreeProjection.tables, tree, OnPoison.PARK),
        ReadModel(
            "result",
            ResultsProjection.tables,
            results,
            observed=ResultsProjection.observed,
            later=ResultsProjection.later,
        ),
        ReadModel("ladder", LadderProjection.tables, partial(LadderProjection, KeptRows(*parts[:-1]))),
    )


def catalogues() -> Sequence[ReadModel]:
    """The quick ones: what there is, and how far it is. A run's events build on one another; the others stand alone."""
    return (
        ReadModel("snapshot", SnapshotProjection.tables, SnapshotProjection, OnPoison.PARK),
        ReadModel("scenario", ScenarioProjection.tables, ScenarioProjection, OnPoison.PARK),
        ReadModel("model", ModelProjection.tables, ModelProjection, OnPoison.PARK),
        ReadModel("run", RunStatusProjection.tables, RunStatusProjection),
    )


def catch_up_catalogues(storage: Storage) -> None:
    """Before a command reads its own writes, where no projection may be running."""
    for read_model in catalogues():
        catch_up(read_model, storage.store, storage.connect)


def read_model_named(storage: Storage, name: str) -> ReadModel:
    """By its name; the name of one of its versions (result_v2) or the plural will do."""
    read_models = {each.name: each for each in build_projections(storage)}
    unversioned, _, number = name.rpartition("_v")
    wanted = unversioned if number.isdigit() else name
    found = read_models.get(wanted) or read_models.get(wanted.removesuffix("s"))
    if found is None:
        known = ", ".join(read_models)
        raise DatabaseProblem("UNKNOWN_PROJECTION", f"there is no projection {name!r}", f"one of {known}")
    return found
