"""Schedules of runs, and how each stands."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from query_api.errors import NotFound
from query_api.http.answers import document, listing

ListSchedules = Callable[[str | None], list[dict[str, Any]]]
"""All, or the one named; handed down, since calendars say when each falls due."""


def build_router(list_schedules: ListSchedules) -> APIRouter:
    router = APIRouter(prefix="/api/v1/orchestrator", tags=["orchestrator"])

    @router.get("/schedules", operation_id="orchestrator_list_schedules")
    def list_all(request: Request) -> Response:
        """Every schedule: when it falls due, what it waits for, and its last run."""
        rows = list_schedules(None)
        return listing(request, rows, total=len(rows))

    @router.get("/schedules/{schedule_id}", operation_id="orchestrator_get_schedule")
    def get_one(request: Request, schedule_id: str) -> Response:
        """One schedule."""
        rows = list_schedules(schedule_id)
        if not rows:
            raise NotFound(f"there is no schedule {schedule_id!r}", "`tenor schedule list` names the schedules")
        return document(request, rows[0])

    return router
