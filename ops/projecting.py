"""The projections, built with what each needs."""

from collections.abc import Sequence

from ops.wiring import Tenor
from projections.run_status import RunStatusProjection
from projections.runner import Projection, catch_up
from projections.scenarios import ScenarioProjection
from projections.snapshots import SnapshotProjection


def build_projections(tenor: Tenor) -> Sequence[Projection]:
    from projections.portfolio_tree import PortfolioTreeProjection
    from projections.results import ResultsProjection

    return (
        *catalogues(),
        PortfolioTreeProjection(tenor.blobs, tenor.portfolio_codec),
        ResultsProjection(tenor.store, tenor.blobs, tenor.portfolio_codec, tenor.block_codec),
    )


def catalogues() -> Sequence[Projection]:
    """The quick ones: what there is, and how far it is."""
    return (SnapshotProjection(), ScenarioProjection(), RunStatusProjection())


def catch_up_catalogues(tenor: Tenor) -> None:
    """Before a command reads its own writes, where no projection may be running."""
    for projection in catalogues():
        catch_up(projection, tenor.store, tenor.database.connect)
