"""Write compute/kernels/dates/calendar_tables/ from QuantLib: python benchmarks/export_calendars.py"""

from collections import defaultdict
from pathlib import Path

import QuantLib as ql

FIRST_YEAR, LAST_YEAR = 1990, 2100
FOLDER = Path(__file__).parents[1] / "compute" / "kernels" / "dates" / "calendar_tables"
CALENDARS = {
    "TARGET": ("TARGET", ql.TARGET()),
    "US.SETTLEMENT": ("UnitedStates.Settlement", ql.UnitedStates(ql.UnitedStates.Settlement)),
    "US.GOVT": ("UnitedStates.GovernmentBond", ql.UnitedStates(ql.UnitedStates.GovernmentBond)),
    "UK": ("UnitedKingdom.Settlement", ql.UnitedKingdom(ql.UnitedKingdom.Settlement)),
}


def holidays_by_year(calendar: ql.Calendar) -> dict[int, list[str]]:
    by_year: dict[int, list[str]] = defaultdict(list)
    for day in calendar.holidayList(ql.Date(1, 1, FIRST_YEAR), ql.Date(31, 12, LAST_YEAR), False):
        by_year[day.year()].append(f"{day.month():02d}{day.dayOfMonth():02d}")
    return by_year


def write(name: str, source: str, calendar: ql.Calendar) -> None:
    lines = [
        f"# Calendar {name}: holidays that fall on weekdays, {FIRST_YEAR}-{LAST_YEAR}, a line per year, MMDD.",
        f"# Source: QuantLib {ql.__version__}, {source}, exported by benchmarks/export_calendars.py.",
    ]
    lines += [f"{year} {' '.join(days)}" for year, days in sorted(holidays_by_year(calendar).items())]
    (FOLDER / f"{name.lower()}.txt").write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for calendar_name, (source_name, source_calendar) in CALENDARS.items():
        write(calendar_name, source_name, source_calendar)
