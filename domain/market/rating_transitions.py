"""Transition matrices of a market file: one year, by rating; what makes one invalid, and what is used as printed."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from domain.documents import Number, Part, Problem, Text, shown, structure_problems

NAME = "rating_transitions"
DEFAULT, NOT_RATED = "D", "NR"
ABSORBING = (DEFAULT, NOT_RATED)
"""States that a matrix may leave without a row, at its end."""
AS_PRINTED = 5e-4
"""How far from 1 a row of a published matrix may add up, by its rounding."""
EXACT = 1e-12


class RatingTransitions(Part):
    states: tuple[Text, ...]
    matrix: tuple[tuple[Number, ...], ...]


@dataclass(frozen=True)
class AnnualMatrix:
    """Without the state of those no longer rated; from default nothing leads away."""

    states: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]


def transition_problems(content: object) -> Iterator[Problem]:
    """Everything that is wrong with `rating_transitions`."""
    entries = content if isinstance(content, Mapping) else {}
    if len(entries) > 1:
        message = f"there are {len(entries)} matrices: nothing says which of them a run goes by"
        yield Problem(NAME, "SEVERAL_MATRICES", str(len(entries)), message, "keep one of them")
    for name, each in entries.items():
        path = f"{NAME}.{shown(name)}"
        try:
            given = RatingTransitions.model_validate(each)
        except ValidationError as error:
            yield from structure_problems(error, each, path, RatingTransitions)
            continue
        yield from _problems(path, given)


def _problems(path: str, given: RatingTransitions) -> Iterator[Problem]:
    states, rows = given.states, given.matrix
    if len(set(states)) < len(states) or len(states) < 2:
        message, fix = f"the states are {', '.join(states)}", "name two states or more, each once"
        yield Problem(f"{path}.states", "MATRIX_STATES", shown(list(states)), message, fix)
    rowless = states[len(rows) :]
    if len(rows) > len(states) or not set(rowless) <= set(ABSORBING):
        message = f"the matrix has {len(rows)} rows for {len(states)} states"
        yield Problem(f"{path}.matrix", "MATRIX_SHAPE", str(len(rows)), message, "give each state a row")
    for number, row in enumerate(rows):
        where = f"{path}.matrix[{number}]"
        if len(row) != len(states):
            message = f"the row has {len(row)} numbers for {len(states)} states"
            yield Problem(where, "MATRIX_SHAPE", str(len(row)), message, "give one number for each state")
        elif not all(0.0 <= each <= 1.0 for each in row):
            message, fix = "a probability is not between 0 and 1", "write decimals: 0.0045 for 0.45 %"
            yield Problem(where, "OUT_OF_RANGE", shown(list(row)), message, fix)
        elif abs(math.fsum(row) - 1.0) > AS_PRINTED:
            total = f"{math.fsum(row):.12g}"
            fix = f"make it add up to 1, within {AS_PRINTED:g}"
            yield Problem(where, "MATRIX_ROW_SUM", total, f"the row adds up to {total}", fix)


def used_as_printed(of_market: Mapping[str, object]) -> list[tuple[str, str, float]]:
    """Matrix, state and sum of each row that does not quite add up to 1."""
    found = []
    for name, each in of_market.items():
        given = _read(each)
        for state, row in zip(given.states, given.matrix, strict=False) if given else ():
            total = math.fsum(row)
            if abs(total - 1.0) > EXACT:
                found.append((name, state, total))
    return found


def annual_matrix(of_market: Mapping[str, object]) -> AnnualMatrix | None:
    """p / (1 - p_NR) where there is a state NR. None without a matrix, with several, and where it cannot be read."""
    given = _read(next(iter(of_market.values()))) if len(of_market) == 1 else None
    if given is None or any(len(row) != len(given.states) for row in given.matrix):
        return None
    kept = [place for place, state in enumerate(given.states) if state != NOT_RATED]
    gone = given.states.index(NOT_RATED) if NOT_RATED in given.states else None
    rows = tuple(_conditioned(given.matrix[place], kept, gone) for place in kept if place < len(given.matrix))
    states = tuple(given.states[place] for place in kept)
    staying = tuple(tuple(float(to == state) for to in states) for state in states[len(rows) :])
    return AnnualMatrix(states, rows + staying)


def _conditioned(row: tuple[float, ...], kept: list[int], gone: int | None) -> tuple[float, ...]:
    staying = 1.0 if gone is None else 1.0 - row[gone]
    return tuple(row[place] / staying if staying else 0.0 for place in kept)


def _read(entry: object) -> RatingTransitions | None:
    try:
        return RatingTransitions.model_validate(entry)
    except ValidationError:
        return None
