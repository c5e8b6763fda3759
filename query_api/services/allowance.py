"""The allowance of a run: positions, segments, paths, disclosures, and the roll-forward between two runs.

Nothing of it is stored: it is worked out when it is asked for, by whoever hands in `Allowance`.
"""

from enum import StrEnum
from typing import Protocol

import pyarrow as pa
from fastapi import APIRouter, Request
from fastapi.responses import Response

from query_api.http.answers import TABLE_RESPONSES, AsOfEvent, Format, table
from query_api.reading import Connect
from query_api.results.table import ResultTable


class AllowanceReport(StrEnum):
    POSITIONS = "positions"
    SEGMENTS = "segments"
    PATHS = "paths"
    VINTAGE = "vintage"
    PAST_DUE = "past_due"


class Allowance(Protocol):
    """Who works it out; refuses as queries do."""

    def report(self, run_id: str, report: AllowanceReport) -> pa.Table: ...
