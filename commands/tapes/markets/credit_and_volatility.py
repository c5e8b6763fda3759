"""Surfaces of volatilities and credit curves from quotes with the keys of Open Source Risk."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date

from commands.tapes.markets.draft import Draft
from commands.tapes.markets.quotes import Quote
from domain.currencies import ISO_4217
from domain.documents import JsonObject
from domain.market.parts import add_tenor, is_tenor

KINDS = {"RATE_NVOL": "NORMAL", "RATE_LNVOL": "LOGNORMAL"}
AT_THE_MONEY = ("ATM", "ATMF")
RECOVERY = 0.4
"""Of the standard contract on senior debt, where no recovery is quoted."""

By = dict[str, list[Quote]]


def years_to(tenor: str, as_of: date) -> float:
    return (add_tenor(as_of, tenor) - as_of).days / 365


def months_of(tenor: str, as_of: date) -> float:
    end = add_tenor(as_of, tenor)
    return ((end.year - as_of.year) * 12 + end.month - as_of.month) / 12


def swaption_surfaces(by_kind: By, draft: Draft, index_of: Callable[[str], str | None]) -> None:
    """SWAPTION/RATE_NVOL/CCY[/TAG]/EXPIRY/TENOR/ATM; of a currency the normal ones, where there are both."""
    grids: dict[tuple[str, str], dict[tuple[str, str], Quote]] = defaultdict(dict)
    for quote_type in KINDS:
        for quote in by_kind.pop(f"SWAPTION/{quote_type}", []):
            parts = quote.parts
            if parts[-1] in AT_THE_MONEY and is_tenor(parts[-2]) and is_tenor(parts[-3]) and quote.value > 0:
                grids[parts[2], quote_type][parts[-3], parts[-2]] = quote
            else:
                draft.leave(f"SWAPTION/{quote_type}", "it is not at the money", quote.key, quote.place)
    done: set[str] = set()
    for (currency, quote_type), grid in sorted(grids.items(), key=lambda each: (each[0][0], each[0][1] != "RATE_NVOL")):
        index = index_of(currency)
        if currency in done or index is None:
            why = "the currency has normal volatilities too" if currency in done else "its currency has no index"
            for quote in grid.values():
                draft.leave(f"SWAPTION/{quote_type}", why, quote.key, quote.place)
            continue
        done.add(currency)
        _add_grid(currency, index, quote_type, grid, draft)


def _add_grid(currency: str, index: str, quote_type: str, grid: dict[tuple[str, str], Quote], draft: Draft) -> None:
    as_of = draft.as_of
    expiries, tenors = (sorted(each, key=lambda tenor: years_to(tenor, as_of)) for each in _whole_part(set(grid)))
    for (expiry, tenor), quote in grid.items():
        if expiry not in expiries or tenor not in tenors:
            draft.leave(f"SWAPTION/{quote_type}", "the grid around it has holes", quote.key, quote.place)
    if not expiries:
        return
    cells = [[grid[expiry, tenor] for tenor in tenors] for expiry in expiries]
    entry: JsonObject = {
        "surface_id": f"{currency}-SWAPTION",
        "product": "SWAPTION",
        "index": index,
        "kind": KINDS[quote_type],
        "expiries_yr": [years_to(expiry, as_of) for expiry in expiries],
        "tenors_yr": [months_of(tenor, as_of) for tenor in tenors],
        "vols": [[quote.value for quote in row] for row in cells],
    }
    draft.add("volatilities", entry["surface_id"], entry, [[quote.place for quote in row] for row in cells])


def _whole_part(cells: set[tuple[str, str]]) -> tuple[set[str], set[str]]:
    """Expiries and swap tenors of the largest part of the grid without a hole, looked for by how often a tenor is."""
    counts = Counter(tenor for _, tenor in cells)
    best: tuple[int, set[str], set[str]] = (0, set(), set())
    for least in set(counts.values()):
        tenors = {tenor for tenor in counts if counts[tenor] >= least}
        expiries = {expiry for expiry, _ in cells if all((expiry, tenor) in cells for tenor in tenors)}
        best = max(best, (len(tenors) * len(expiries), expiries, tenors), key=lambda each: each[0])
    return best[1], best[2]


def fx_surfaces(by_kind: By, draft: Draft) -> None:
    """FX_OPTION/RATE_LNVOL/CCY/CCY/EXPIRY/ATM"""
    smiles: dict[str, dict[str, Quote]] = defaultdict(dict)
    for quote in by_kind.pop("FX_OPTION/RATE_LNVOL", []):
        parts = quote.parts
        is_pair = len(parts) == 6 and {parts[2], parts[3]} <= ISO_4217 and parts[2] != parts[3]
        if is_pair and parts[5] in AT_THE_MONEY and is_tenor(parts[4]) and quote.value > 0:
            smiles[parts[2] + parts[3]].setdefault(parts[4], quote)
        else:
            draft.leave("FX_OPTION/RATE_LNVOL", "it is not at the money", quote.key, quote.place)
    for pair, by_expiry in sorted(smiles.items()):
        ordered = sorted(by_expiry, key=lambda tenor: years_to(tenor, draft.as_of))
        entry = {
            "surface_id": pair,
            "product": "FX",
            "pair": pair,
            "kind": "LOGNORMAL",
            "expiries_yr": [years_to(tenor, draft.as_of) for tenor in ordered],
            "vols": [by_expiry[tenor].value for tenor in ordered],
        }
        draft.add("volatilities", pair, entry, [by_expiry[tenor].place for tenor in ordered])


def credit_curves(by_kind: By, draft: Draft) -> None:
    """HAZARD_RATE/RATE/NAME/TIER/CCY/TERM or CDS/CREDIT_SPREAD/NAME/TIER/CCY[/CLAUSE]/TERM, with RECOVERY_RATE."""
    recoveries = {tuple(q.parts[2:5]): q for q in by_kind.pop("RECOVERY_RATE/RATE", []) if len(q.parts) >= 5}
    curves: dict[tuple[str, ...], dict[str, tuple[str, Quote]]] = defaultdict(dict)
    for kind, name in (("CDS/CREDIT_SPREAD", "cds_spread"), ("HAZARD_RATE/RATE", "hazard_rate")):
        for quote in by_kind.pop(kind, []):
            term = quote.parts[-1]
            if len(quote.parts) >= 6 and is_tenor(term) and quote.value >= 0:
                if curves[tuple(quote.parts[2:5])].setdefault(term, (name, quote))[1] is not quote:
                    draft.leave(kind, "its curve has another quote of that term", quote.key, quote.place)
            else:
                draft.leave(kind, "its key or value is not one of a credit curve", quote.key, quote.place)
    names = Counter(entity for entity, *_ in curves)
    for key, nodes in sorted(curves.items()):
        _add_credit(key, nodes, recoveries.get(key), draft, is_alone=names[key[0]] == 1)


def _add_credit(
    key: tuple[str, ...], nodes: dict[str, tuple[str, Quote]], recovery: Quote | None, draft: Draft, *, is_alone: bool
) -> None:
    curve_id = key[0] if is_alone else "-".join(key)
    if recovery is None:
        message = f"no recovery of {curve_id} is quoted; {RECOVERY} is taken"
        draft.warn(
            f"credit_curves.{curve_id}", "RECOVERY_TAKEN", str(RECOVERY), message, "add a RECOVERY_RATE/RATE quote"
        )
    ordered = sorted(nodes, key=lambda tenor: years_to(tenor, draft.as_of))
    entry = {
        "curve_id": curve_id,
        "recovery": RECOVERY if recovery is None else recovery.value,
        "nodes": [{"tenor": tenor, nodes[tenor][0]: nodes[tenor][1].value} for tenor in ordered],
    }
    draft.add("credit_curves", curve_id, entry, [nodes[tenor][1].place for tenor in ordered])
