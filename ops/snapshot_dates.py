"""Whether a portfolio and a market are of one date: a run says so, since the market's is the one that counts."""

from query_api.reading import Connection
from query_api.snapshots import dates_brought

CODE = "DATES_DIFFER"


def dates_apart(connection: Connection, portfolio: str, market: str) -> list[dict[str, str]]:
    """One remark where the portfolio was never brought under the market's date; ids are whole."""
    of_portfolio, of_market = dates_brought(connection, portfolio), dates_brought(connection, market)
    if not of_portfolio or not of_market:
        return []
    (as_of, is_that_day), market_as_of = of_portfolio[0], of_market[0][0]
    if any(each == market_as_of for each, _ in of_portfolio):
        return []
    how = " (the day it was brought)" if is_that_day else ""
    sentence = (
        f"the portfolio is dated {as_of}{how}, the market {market_as_of}: a run values everything on {market_as_of}"
    )
    fix = f"choose a market of {as_of}, or bring the portfolio again with --as-of {market_as_of}"
    return [{"code": CODE, "sentence": sentence, "fix": f"if that is not meant, {fix}"}]
