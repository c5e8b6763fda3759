"""A fix says what to write, and both readings where there are two."""

import pytest

from commands.ingestion.fixes import PLAIN_DATE, PLAIN_NUMBER, date_fix, number_fix

NUMBERS = [
    ("0,075", True, "Use a decimal point: write 0.075 if that is what is meant."),
    ("0,075", False, "Use a decimal point: write 0.075 if that is what is meant."),
    ("5,125", True, "Use a decimal point: write 5.125 if that is what is meant."),
    ("1,250", False, "Write 1250 if the comma separates thousands, or 1.250 if it is a decimal comma."),
    ("1,25", False, "Use a decimal point: write 1.25 if that is what is meant."),
    (",5", False, "Use a decimal point: write 0.5 if that is what is meant."),
    ("1,000.50", False, "Write it without thousands separators: 1000.50."),
    ("1.000,50", False, "Use a decimal point: write 1000.50 if that is what is meant."),
    ("1.000.000", False, "Write it without thousands separators: 1000000."),
    ("1'000'000", False, "Write it without thousands separators: 1000000."),
    ("1 000,5", False, "Use a decimal point: write 1000.5 if that is what is meant."),
    ("-2,500,000", False, "Write it without thousands separators: -2500000."),
    ("7.5%", True, "Rates are decimals: write 0.075."),
    ("7,5 %", True, "Rates are decimals: write 0.075."),
    ("75bp", True, "Basis points are decimals too: write 0.0075."),
    ("75 bps", True, "Basis points are decimals too: write 0.0075."),
    ("(1,000)", False, "A negative amount has a minus sign: write -1000."),
    ("six", True, PLAIN_NUMBER),
    ("1,00,000", False, PLAIN_NUMBER),
]


@pytest.mark.parametrize(("text", "is_rate", "fix"), NUMBERS)
def test_numbers_as_people_write_them(text: str, is_rate: bool, fix: str) -> None:
    assert number_fix(text, is_rate=is_rate) == fix


DATES = [
    ("15/01/2024", "Write 2024-01-15."),
    ("01/15/2024", "Write 2024-01-15."),
    ("03/04/2024", "Write 2024-04-03 if the day comes first, or 2024-03-04 if the month does."),
    ("4.4.2024", "Write 2024-04-04."),
    ("20240115", "Write 2024-01-15."),
    ("2024/1/5", "Write 2024-01-05."),
    ("2024-01-15T00:00:00", "Write 2024-01-15."),
    ("45306", "If this is a spreadsheet's number of a day, write 2024-01-15; format the column as a date."),
    ("2024-02-30", PLAIN_DATE),
    ("31/31/2024", PLAIN_DATE),
    ("never", PLAIN_DATE),
]


@pytest.mark.parametrize(("text", "fix"), DATES)
def test_dates_as_people_write_them(text: str, fix: str) -> None:
    assert date_fix(text) == fix
