"""Transition matrices of the market file: one year, by rating."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from domain.portfolio.ratings import SCALE

DEFAULT, NOT_RATED = "D", "NR"
LETTERS = {notch: notch.rstrip("+-") for notch in SCALE}
CCC = ("CC", "C")
"""Take the row of CCC where they have none."""


class Transitions(BaseModel):
    model_config = ConfigDict(frozen=True)

    states: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]


OF_MARKET = TypeAdapter(dict[str, Transitions])


def default_probabilities(of_market: Mapping[str, object]) -> dict[str, float]:
    """By notch, the column of default; a state NR is taken out of each row. Empty without a matrix, or with several."""
    try:
        given = list(OF_MARKET.validate_python(dict(of_market)).values())
    except ValidationError:
        return {}
    if len(given) != 1 or DEFAULT not in given[0].states:
        return {}
    states = given[0].states
    of_state = {state: _of_row(states, row) for state, row in zip(states, given[0].matrix, strict=False)}
    places = {notch: state_of(notch, states) for notch in SCALE}
    return {notch: of_state[state] for notch, state in places.items() if state in of_state}


def state_of(notch: str, states: tuple[str, ...]) -> str | None:
    """A notch that is no state takes its letter; CC and C are CCC."""
    letter = "CCC" if notch in CCC and notch not in states else LETTERS[notch]
    return next((each for each in (notch, letter) if each in states), None)


def _of_row(states: tuple[str, ...], row: tuple[float, ...]) -> float:
    staying = 1.0 - row[states.index(NOT_RATED)] if NOT_RATED in states else 1.0
    return row[states.index(DEFAULT)] / staying if staying else 0.0
