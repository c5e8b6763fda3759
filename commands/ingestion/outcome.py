"""What became of a portfolio that was brought, in sentences: for the command line and for HTTP."""

from typing import Any

from domain.texts import counted


def refused(report: dict[str, Any], accept_valid: str) -> tuple[str, str]:
    """Of a report with errors of which nothing was stored: what is so, and the fix.

    `accept_valid` is how one asks for the good rows alone; it is named only where it would store some.
    """
    rows, bad, good = sum(report["rows"].values()), report["rejected"], report["acceptable"]
    if tape := report.get("tape"):
        rows = tape["rows"] - sum(tape["left_aside"].values())
        bad, good = tape["rejected"], rows - tape["rejected"] if good else 0
    if not bad or any(error["row"] is None for error in report["errors"]):
        return "nothing was stored", "mend what the errors name, then bring it again"
    said = f"nothing was stored: {bad:,} of {counted(rows, 'row')} {'is' if bad == 1 else 'are'} wrong"
    again = f"mend {'it' if bad == 1 else 'them'} and bring the portfolio again"
    if not good:
        return said, again
    need_them = rows - bad - good
    if not need_them:
        return said, f"{again}, or store the other {counted(good, 'row')} with {accept_valid}"
    why = f"{counted(need_them, 'row')} more cannot be kept without the wrong"
    return said, f"{again}, or store {counted(good, 'row')} with {accept_valid} ({why})"
