"""Read models that have read the whole log."""

from ops.ports import Storage
from ops.read_models import build_projections
from projections.engine.runner import catch_up


def catch_up_all(storage: Storage) -> None:
    """As a process that serves does by itself."""
    for read_model in build_projections(storage):
        catch_up(read_model, storage.store, storage.connect)
