"""A chunk of positions under all scenarios: family by family to values, then to the columns of its facts."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.inputs.loan_events import has_events, resets_its_rate
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.options.caplet_volatilities import LOGNORMAL
from compute.outputs.failures import Failing
from compute.outputs.family_values import Valued
from compute.outputs.measures import Rows, blank_reasons, rows_of
from compute.pricers.callable.pricing import check_callables, price_callables
from compute.pricers.credit.cds import check_cds, price_cds
from compute.pricers.debt.checks import check_debt
from compute.pricers.debt.prepayment_models import follows_model
from compute.pricers.debt.pricing import price_debt
from compute.pricers.debt.spreads import MARKET_PRICE
from compute.pricers.debt.terms import FLOATING
from compute.pricers.external.brought import check_external, price_external
from compute.pricers.fx.forwards import check_fx, price_fx_forwards
from compute.pricers.fx.options import check_fx_options, price_fx_options
from compute.pricers.matured.recoveries import check_past_maturity, price_recoveries, recovering
from compute.pricers.rates.caps_floors import check_caps, price_caps
from compute.pricers.rates.swaps import check_swaps, price_swaps
from compute.pricers.rates.swaptions import check_swaptions, price_swaptions
from compute.pricers.securitised.pools import check_pools, is_tranche, price_pools
from compute.pricers.securitised.tranches import check_tranches, price_tranches
from compute.pricers.shared.fx_rates import fx_rates
from compute.pricers.structured.pricing import check_structured, price_structured
from domain.measures.failures import Reason
from domain.measures.measures import BY_NAME, Fact, columns_of
from domain.portfolio.tables import PRODUCT_TYPES, RATE_TYPES
from domain.runs.facts import BlockColumns

Flags = NDArray[np.bool_]

LOAN, BOND, CALLABLE_BOND, SWAPTION = (
    PRODUCT_TYPES.index(name) for name in ("LOAN", "BOND", "CALLABLE_BOND", "SWAPTION")
)
TRANCHE = len(PRODUCT_TYPES)
"""A family of its own among the ABS_MBS: what a deal pays, not a pool."""
BELOW_SHIFT = "a negative forward has no price on a lognormal surface: give it a `shift`, a larger one, or NORMAL vols"

NEVER_AMORTISES = (
    "a payment that payment_cap holds down falls below its interest, and nothing bounds the balance: "
    "give neg_am_cap or recast_months"
)

FAMILY_PRICERS = (
    (PRODUCT_TYPES.index("ABS_MBS"), check_pools, price_pools),
    (TRANCHE, check_tranches, price_tranches),
    (PRODUCT_TYPES.index("FX_FWD"), check_fx, price_fx_forwards),
    (PRODUCT_TYPES.index("IRS"), check_swaps, price_swaps),
    (PRODUCT_TYPES.index("CAP_FLOOR"), check_caps, price_caps),
    (PRODUCT_TYPES.index("FX_OPTION"), check_fx_options, price_fx_options),
    (PRODUCT_TYPES.index("SWAPTION"), check_swaptions, price_swaptions),
    (PRODUCT_TYPES.index("CDS"), check_cds, price_cds),
    (PRODUCT_TYPES.index("STRUCTURED"), check_structured, price_structured),
    (PRODUCT_TYPES.index("EXTERNAL"), check_external, price_external),
)
"""Products of which each has a family of its own."""
PRICED = (LOAN, BOND, CALLABLE_BOND, *(product for product, _, _ in FAMILY_PRICERS if product != TRANCHE))


OF_PRICERS = (Fact.PRICED, Fact.RISK)


@dataclass(frozen=True)
class ChunkFacts:
    positions: int
    failed: int
    """positions without a value in some scenario"""
    fx_to_base: dict[str, list[float]]
    blocks: dict[Fact, BlockColumns]


def price_chunk(run: RunInputs, chunk_no: int) -> ChunkFacts:
    return price_terms(run, run.chunk(chunk_no))


def price_terms(run: RunInputs, terms: Terms) -> ChunkFacts:
    failing = check(run, terms)
    valued = list(price_families(run, terms, failing))
    for family in valued:
        explain_not_finite(run, terms, family, failing)
        explain_prices(terms, family, failing)
    blocks = {kind: block_of(run, kind, valued, failing) for kind in kinds_of(run.measures) if kind in OF_PRICERS}
    failed = int((blocks[Fact.PRICED].reasons[0] != Reason.NONE).any(axis=0).sum())
    rates = {currency: [float(rate) for rate in values] for currency, values in run.tables.fx_to_base.items()}
    return ChunkFacts(len(terms), failed, rates, blocks)


def kinds_of(measures: tuple[str, ...]) -> list[Fact]:
    """PV is always asked for, so there are always prices."""
    return [kind for kind in Fact if any(BY_NAME[name].fact is kind for name in measures)]


def check(run: RunInputs, terms: Terms) -> Failing:
    """What cannot be valued: no pricer for the product, no way into base currency, nothing left to be paid, terms or
    market data missing."""
    failing = Failing.none(len(terms))
    product = families_of(terms)
    failing.where(
        ~np.isin(product, (*PRICED, TRANCHE)),
        Reason.UNSUPPORTED,
        lambda i: f"{PRODUCT_TYPES[product[i]]} is not priced by this release",
    )
    failing.where(
        np.isnan(fx_rates(run, terms)).any(axis=1),
        Reason.MISSING_MARKET_DATA,
        lambda i: (
            f"the market has no spot for {terms.text_at('currency', i)}{run.base_currency}, "
            "and no chain of spots leads there"
        ),
    )
    check_past_maturity(run, terms, failing)
    to_come = ~recovering(run, terms)
    checks = [(product == each, check_family) for each, check_family, _ in FAMILY_PRICERS]
    checks += [(np.isin(product, (LOAN, BOND)), check_debt), (product == CALLABLE_BOND, check_callables)]
    for members, check_family in checks:
        chosen = np.flatnonzero(members & to_come & failing.fine)
        if len(chosen):
            merge(failing, chosen, check_family, run, terms.of(chosen))
    return failing


def merge(failing: Failing, chosen: NDArray[np.int64], check_family: object, run: RunInputs, terms: Terms) -> None:
    part = Failing.none(len(chosen))
    check_family(run, terms, part)  # type: ignore[operator]
    failing.take(chosen, part)


def price_families(run: RunInputs, terms: Terms, failing: Failing) -> Iterator[Valued]:
    """Those whose speeds rates move have flows of their own in every scenario: apart, so that the others stay quick."""
    product = families_of(terms)
    floating = terms.choice("rate_type", RATE_TYPES) == FLOATING
    past = recovering(run, terms)
    recovered = np.flatnonzero(past & failing.fine)
    if len(recovered):
        yield price_recoveries(run, terms.of(recovered), recovered)
    alive = failing.fine & ~past
    is_debt, eventful = np.isin(product, (LOAN, BOND)), has_events(terms)
    by_model = follows_model(run, terms) & (product != TRANCHE)
    by_rule, speeds = is_debt & ~eventful, (~by_model, by_model) if by_model.any() else (~by_model,)
    kinds = (by_rule & ~floating, by_rule & floating, eventful & ~floating, eventful & floating)
    for members in (kind & mine for mine in speeds for kind in kinds):
        chosen = np.flatnonzero(members & alive)
        if len(chosen):
            yield price_debt(run, terms.of(chosen), chosen, product[chosen] == LOAN)
    chosen = np.flatnonzero((product == CALLABLE_BOND) & alive)
    yield from price_callables(run, terms.of(chosen), chosen)
    for derivative, _, price in FAMILY_PRICERS:
        for mine in speeds:
            chosen = np.flatnonzero((product == derivative) & mine & alive)
            if len(chosen):
                yield price(run, terms.of(chosen), chosen)


def families_of(terms: Terms) -> NDArray[np.int8]:
    """[n] the product, and TRANCHE where it is one that a deal pays."""
    product = terms.choice("product_type", PRODUCT_TYPES)
    return np.where(is_tranche(terms), TRANCHE, product).astype(np.int8)


def explain_not_finite(run: RunInputs, terms: Terms, family: Valued, failing: Failing) -> None:
    """A sentence for terms that pass every check and give no number in some scenario; `fill` blanks that one alone."""
    broken = family.index[~np.isfinite(family.pv_ccy).all(axis=1)]
    lognormal, grows = on_lognormal_surface(run, terms.of(broken)), grows_for_good(terms.of(broken))
    failing.explain(broken[lognormal & ~grows], BELOW_SHIFT)
    failing.explain(broken[grows], NEVER_AMORTISES)
    failing.explain(broken[~lognormal & ~grows], "the terms give no finite value")


def grows_for_good(terms: Terms) -> NDArray[np.bool_]:
    """[n] adjustable-rate loans whose payment is capped, and their balance is not."""
    open_ended = np.isnan(terms.number("neg_am_cap")) & np.isnan(terms.number("recast_months"))
    return resets_its_rate(terms) & ~np.isnan(terms.number("payment_cap")) & open_ended


def explain_prices(terms: Terms, family: Valued, failing: Failing) -> None:
    """A sentence for market prices that are none; what needs no such price is there."""
    if family.price_is_usable is None:
        return
    for index in family.index[~family.price_is_usable]:
        given = terms.attribute_text(MARKET_PRICE, int(index))
        failing.explain(
            np.array([index]),
            f"market_price {given} is not a price per 100: write a positive number, or leave it empty",
        )


def on_lognormal_surface(run: RunInputs, terms: Terms) -> NDArray[np.bool_]:
    """[n] whether the index has a lognormal surface of the options that the position is, or has within."""
    is_swaption = terms.choice("product_type", PRODUCT_TYPES) == SWAPTION
    surfaces, on = run.tables.surfaces, {}
    for product in ("SWAPTION", "CAP_FLOOR"):
        rows = run.tables.surface_of.get(product, {})
        lognormal = {index for index, row in rows.items() if surfaces and surfaces.kind[row] == LOGNORMAL}
        on[product] = terms.code(f"lognormal {product}", "index", lambda text, on=lognormal: text in on) == 1  # type: ignore[misc]
    on_surface: NDArray[np.bool_] = np.where(is_swaption, on["SWAPTION"], on["CAP_FLOOR"])
    return on_surface


def block_of(run: RunInputs, kind: Fact, valued: list[Valued], failing: Failing) -> BlockColumns:
    measures = tuple(name for name in run.measures if BY_NAME[name].fact is kind)
    shape = (run.scenario_count, len(failing.reason))
    values = np.full((len(columns_of(measures)), *shape), np.nan)
    reasons = np.broadcast_to(failing.reason, (len(measures), *shape)).copy()
    for family in valued:
        fill(measures, family, values, reasons)
    values[:, :, ~failing.fine] = np.nan
    reasons[:, :, ~failing.fine] = failing.reason[~failing.fine]
    values += 0.0  # a zero has no sign
    return BlockColumns(columns_of(measures), values, measures, reasons, tuple(failing.sentences), failing.detail)


def fill(measures: tuple[str, ...], family: Valued, values: Rows, reasons: NDArray[np.uint8]) -> None:
    column, where, valued = 0, places(family.index), np.isfinite(family.pv_ccy).T
    for number, name in enumerate(measures):
        width = len(BY_NAME[name].result_columns)
        rows = rows_of(name, family)
        why_blank = np.full(valued.shape, Reason.NOT_APPLICABLE, np.uint8)
        if rows is not None:
            values[column : column + width, :, where] = rows if valued.all() else np.where(valued, rows, np.nan)
            why_blank = blank_reasons(name, family, rows)
        reasons[number][:, where] = np.where(valued, why_blank, Reason.INVALID_TERMS)
        column += width


def places(index: NDArray[np.int64]) -> NDArray[np.int64] | slice:
    """The same positions, as a slice where they are neighbours: copying to them is then three times as fast."""
    if len(index) and index[-1] - index[0] == len(index) - 1:
        return slice(int(index[0]), int(index[-1]) + 1)
    return index
