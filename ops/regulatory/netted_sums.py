"""Netting sets of a run for its totals: what the projection of results is handed."""

from functools import partial

from compute.capital.basics import Setting
from compute.capital.columns import Array, Columns
from compute.capital.counterparty.netting import Netting, netting_of
from compute.capital.counterparty.totals import labels_of_sets, nodes_of_sets
from compute.capital.counterparty.trades import Brought
from compute.capital.frameworks import capital_share, default_days, setting_of
from compute.option_forwards import option_forwards
from domain.portfolio.columns import Portfolio
from domain.portfolio.groupings import group_labels
from domain.runs.netted import NettedSums, NetUp
from domain.runs.run import RunRequested
from ops.ports import Storage

TABLES = ("portfolio", "issuers", "instruments", "positions", "netting_sets")


def net_up_for(storage: Storage) -> NetUp:
    return partial(_net_up, storage)


def _net_up(storage: Storage, requested: RunRequested, base_pv: Array) -> NettedSums | None:
    portfolio = storage.portfolio(requested.portfolio_sha256, TABLES)
    market, base = storage.market(requested.market_sha256), requested.base_currency
    setting, _ = setting_of(requested, market)
    brought = Brought(lambda rows: base_pv[rows], lambda rows: option_forwards(portfolio, market, base, rows))
    netting = netting_of(Columns(portfolio), setting, base, default_days(setting), brought)
    return None if netting is None else sums_of_netting(netting, setting)


def sums_of_netting(netting: Netting, setting: Setting) -> NettedSums:
    kinds = _kinds(netting.portfolio)
    nodes = [[(node, kinds[node]) for node in path] for path in nodes_of_sets(netting)]
    rwa = {measure.lower(): outcome.rwa_ccy for measure, outcome in netting.outcomes.items()}
    exposure = dict.fromkeys(("ead", "ead_sa", "ead_irb", "ead_us"), netting.ead)
    capital = {"capital": capital_share(setting) * netting.outcomes["RWA_IRB"].rwa_ccy}

    def label_of(by: str) -> list[str]:
        of_positions = group_labels(netting.portfolio, by)
        return [""] * len(netting) if of_positions is None else labels_of_sets(netting, by, of_positions)

    return NettedSums(nodes, label_of, exposure | rwa | capital)


def _kinds(portfolio: Portfolio) -> dict[str, str]:
    nodes = portfolio.tables["portfolio"].columns
    names, kinds = nodes["node_id"], nodes["kind"]
    pairs = zip(names.values.tolist(), kinds.values.tolist(), strict=True)
    return {names.categories[name]: kinds.categories[kind] for name, kind in pairs}
