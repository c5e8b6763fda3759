"""The tables of a run: what is asked, and where."""

from typing import Any

from tenor.errors import Invalid
from tenor.exchange import query
from tenor.operations import Question, Words, segment, words_of


class OfRun:
    """Built alike for `tenor` and `tenor.aio`; `run_id` is whole."""

    def __init__(self, run_id: str) -> None:
        self._id = run_id

    def results(self, by: str | None, *, measures: Words, columns: Words, attached: Words, **rest: Any) -> Question:
        """Totals where they are asked `by` something, else a row for every position under every scenario."""
        said = query(measures=words_of(measures), columns=words_of(columns), **rest)
        if by is None:
            said |= query(**{"with": words_of(attached)})
            return Question(f"/api/v1/results/runs/{self._id}/positions", said)
        beside = [name for name in ("q", "sort", "with") if (said | query(**{"with": words_of(attached)})).get(name)]
        if beside:
            fix = "leave it out, or leave `by` out for positions"
            raise Invalid(f"{beside[0]} is of position rows, and `by` asks for totals", code="BAD_QUERY", fix=fix)
        return Question(f"/api/v1/results/runs/{self._id}/totals", said | {"by": by})

    def cashflows(
        self, position: str | None, deal: str | None, liquidity: str | None, *, pool: bool, repricing: bool, **rest: Any
    ) -> Question:
        """Of a position, a deal or its pool, a liquidity rule; else the ladder, or the repricing gap."""
        named = [name for name in (position, deal, liquidity, repricing or None) if name]
        if len(named) > 1 or (pool and not deal):
            fix = "name a position, a deal (with pool=True for its pool), liquidity=, repricing=True, or nothing"
            raise Invalid("one thing is shown at a time", code="WHAT_IS_SHOWN", fix=fix)
        if position:
            shown = f"positions/{segment(position)}"
        elif deal:
            shown = f"deals/{segment(deal)}" + ("/pool" if pool else "")
        elif liquidity:
            shown, rest = f"liquidity/{segment(liquidity.upper())}", rest | {"basis": None}
        else:
            shown = "repricing" if repricing else "ladder"
        return Question(f"/api/v1/cashflow/runs/{self._id}/{shown}", query(**rest))

    def capital(self, report: str, **rest: Any) -> Question:
        return Question(f"/api/v1/regulatory/runs/{self._id}/{segment(report)}", query(**rest))

    def allowance(self, report: str) -> Question:
        return Question(f"/api/v1/regulatory/runs/{self._id}/allowance/{segment(report)}", {})

    def stress(self, report: str, scenario: str | None) -> Question:
        return Question(f"/api/v1/regulatory/runs/{self._id}/stress/{segment(report)}", query(scenario=scenario))

    def var(self, **rest: Any) -> Question:
        return Question(f"/api/v1/risk/runs/{self._id}/var", query(**rest))

    def key_rates(self, **rest: Any) -> Question:
        return Question(f"/api/v1/risk/runs/{self._id}/key-rates", query(**rest))
