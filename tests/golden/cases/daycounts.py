"""Year fractions between two days."""

from compute.kernels.calendars import month_number_of_day
from compute.kernels.daycounts import year_fraction
from domain.tables import DAY_COUNTS
from tests.golden.cases.case import Case, Figures, NotExpressible

_WRITTEN = {"ACT/ACT.ISDA": "ISDA", "ACT/ACT.ICMA": "ICMA"}


def fractions(case: Case) -> Figures:
    """Every day count that the inputs allow: ACT/ACT.ICMA needs a reference period of whole months."""
    inputs = case.inputs
    start, end, figures = inputs.day("start"), inputs.day("end"), {}
    reference, frequency = (start, end), 1
    if "ref_start" in inputs:
        reference = inputs.day("ref_start"), inputs.day("ref_end")
        frequency = _frequency(*reference)
    for code, name in enumerate(DAY_COUNTS):
        if name != "ACT/ACT.ICMA" or "ref_start" in inputs:
            years = float(year_fraction(code, [start], [end], [reference[0]], [reference[1]], frequency)[0])
            figures[name] = figures[_WRITTEN.get(name, name)] = years
    return figures


def _frequency(start: int, end: int) -> int:
    months = month_number_of_day(end) - month_number_of_day(start)
    if months not in (1, 3, 6, 12):
        raise NotExpressible(f"a reference period of {months} months")
    return 12 // int(months)
