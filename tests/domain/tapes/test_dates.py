"""Dates as files write them."""

from datetime import date

import pytest

from domain.tapes.dates import date_pattern, patterns_of, read_date

JULY_4 = date(2026, 7, 4)

READ = [
    ("MMYYYY", "072026", date(2026, 7, 1)),
    ("MMYYYY", "132026", None),
    ("MMYYYY", "72026", None),
    ("YYYYMM", "202607", date(2026, 7, 1)),
    ("YYYYMMDD", "20260704", JULY_4),
    ("DD/MM/YYYY", "04/07/2026", JULY_4),
    ("DD/MM/YYYY", "4/7/2026", JULY_4),
    ("DD/MM/YYYY", "07/13/2026", None),
    ("MM/DD/YYYY", "07/04/2026", JULY_4),
    ("MM/DD/YYYY", "07/04/2026 00:00:00", JULY_4),
    ("MM/DD/YYYY", "07/04/2026 13:30", None),
    ("DD.MM.YYYY", "04.07.2026", JULY_4),
    ("dd-mmm-yyyy", "04-JUL-2026", JULY_4),
    ("DD MMMM YYYY", "4 July 2026", JULY_4),
    ("MMM-YYYY", "Jul-2026", date(2026, 7, 1)),
    ("MMM-YY", "Jul-26", date(2026, 7, 1)),
    ("DD/MM/YY", "04/07/69", date(2069, 7, 4)),
    ("DD/MM/YY", "04/07/70", date(1970, 7, 4)),
    ("DAY_FIRST", "04.07.2026", JULY_4),
    ("DAY_FIRST", "04.07/2026", None),
    ("MONTH_FIRST", "7-4-2026", JULY_4),
    ("EXCEL", "46207", JULY_4),
    ("EXCEL", "46207.0", JULY_4),
    ("EXCEL", "46207.5", None),
    ("EXCEL", "-5", None),
    ("DD/MM/YYYY", "2026-07-04", JULY_4),
    ("DD/MM/YYYY", "31/02/2026", None),
    ("DD/MM/YYYY", "", None),
]
"""46207 is 4 July 2026 in a spreadsheet that counts days from 1899-12-30."""


@pytest.mark.parametrize(("pattern", "cell", "expected"), READ)
def test_a_cell_is_the_day_that_the_pattern_says(pattern: str, cell: str, expected: date | None) -> None:
    assert read_date(cell, patterns_of((pattern,))) == expected


@pytest.mark.parametrize("text", ["", "MM", "DD/MM", "MM/MM/YYYY", "YYYY-QQ", "tomorrow", "DDYYYY", "%Y-%m-%d"])
def test_what_says_no_date_is_no_pattern(text: str) -> None:
    assert date_pattern(text) is None


def test_of_several_patterns_the_first_that_fits_reads() -> None:
    patterns = patterns_of(("MM/YYYY", "MM-DD-YYYY"))
    assert read_date("03/2030", patterns) == date(2030, 3, 1)
    assert read_date("12-31-2025", patterns) == date(2025, 12, 31)
