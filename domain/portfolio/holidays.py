"""By how much payment holidays may put off what a portfolio pays."""

from domain.portfolio.columns import Portfolio

LONGEST_INTERVAL_DAYS = 366


def longest_extension_days(portfolio: Portfolio) -> int:
    """No fewer than the days by which holidays put off the last payment of any loan.

    A holiday puts it off by the dates within it: by no more than its own length and an interval at either end.
    """
    table = portfolio.tables.get("payment_holidays")
    if table is None or "extends_maturity" not in table.columns:
        return 0
    names = ("instrument_id", "from_date", "to_date", "extends_maturity")
    days: dict[int, int] = {}
    for instrument, start, end, extends in zip(*(table.columns[name].values.tolist() for name in names), strict=True):
        if extends == 1:
            days[instrument] = days.get(instrument, 0) + end - start + 2 * LONGEST_INTERVAL_DAYS
    return max(days.values(), default=0)
