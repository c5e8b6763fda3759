"""Year fractions between two days."""

from compute.kernels.dates.calendars import month_number_of_day
from compute.kernels.dates.daycounts import year_fraction
from domain.portfolio.tables import DAY_COUNTS
from tests.golden.cases.case import Case, Figures, NotExpressible
from tests.golden.cases.conventions import day_count

_WRITTEN = {"ISDA": "ACT/ACT.ISDA", "ICMA": "ACT/ACT.ICMA"}
ICMA = DAY_COUNTS.index("ACT/ACT.ICMA")


def fractions(case: Case) -> Figures:
    """Of the day counts that the case names those that are ours; ACT/ACT.ICMA needs a reference period."""
    inputs, figures = case.inputs, {}
    start, end = inputs.day("start"), inputs.day("end")
    reference, frequency = (start, end), 1
    if "ref_start" in inputs:
        reference = inputs.day("ref_start"), inputs.day("ref_end")
        frequency = _frequency(*reference)
    for name in case.expected:
        code = _code(name)
        if code is not None and (code != ICMA or "ref_start" in inputs):
            years = year_fraction(code, [start], [end], [reference[0]], [reference[1]], frequency)
            figures[name] = float(years[0])
    return figures


def _code(name: str) -> int | None:
    try:
        return day_count(_WRITTEN.get(name, name))
    except NotExpressible:
        return None


def _frequency(start: int, end: int) -> int:
    months = month_number_of_day(end) - month_number_of_day(start)
    if months not in (1, 3, 6, 12):
        raise NotExpressible(f"a reference period of {months} months")
    return 12 // int(months)
