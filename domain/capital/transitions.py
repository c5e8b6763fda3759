"""What a transition matrix of the market says of a rating."""

from collections.abc import Mapping

from domain.market.rating_transitions import DEFAULT, annual_matrix
from domain.portfolio.ratings import SCALE

LETTERS = {notch: notch.rstrip("+-") for notch in SCALE}
CCC = ("CC", "C")
"""Take the row of CCC where they have none."""


def default_probabilities(of_market: Mapping[str, object]) -> dict[str, float]:
    """By notch, the column of default; a state NR is taken out of each row. Empty without a matrix, or with several."""
    found = annual_matrix(of_market)
    if found is None or DEFAULT not in found.states:
        return {}
    column = found.states.index(DEFAULT)
    of_state = {state: row[column] for state, row in zip(found.states, found.rows, strict=True)}
    places = {notch: state_of(notch, found.states) for notch in SCALE}
    return {notch: of_state[state] for notch, state in places.items() if state is not None}


def state_of(notch: str, states: tuple[str, ...]) -> str | None:
    """A notch that is no state takes its letter; CC and C are CCC."""
    letter = "CCC" if notch in CCC and notch not in states else LETTERS[notch]
    return next((each for each in (notch, letter) if each in states), None)
