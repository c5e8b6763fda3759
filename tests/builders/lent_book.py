"""Random loans, bonds and pools of a lender, and policies of every method over them."""

import json
import random
from pathlib import Path
from typing import Any

from commands.ingestion.prepare import prepare_portfolio
from compute.allowance.allowances import Allowances, allowances_of_run
from compute.allowance.measures import AllowanceInputs, resolve_allowance
from compute.inputs.run_inputs import resolve_run
from domain.capital.policies import parse_policy
from domain.market.document import parse_market
from domain.portfolio.columns import Portfolio
from domain.runs.run import RunRequested
from tests.builders.exposures import market_of, request_of, write_table

SEGMENTS: list[dict[str, Any]] = [
    {"segment": "HOMES", "match": {"class": "HOMES"}, "method": "PD_LGD", "pd_long_run": 0.011},
    {"segment": "TERM", "match": {"class": "TERM"}, "method": "PD_LGD", "pd_term": [0.01, 0.04, 0.02], "lgd": 0.35},
    {"segment": "GIVEN", "match": {"class": "GIVEN"}, "method": "PD_LGD", "pd_forecast": [0.02, 0.05, 0.04, 0.03]},
    {"segment": "SHOPS", "match": {"class": "SHOPS"}, "method": "DCF"},
    {"segment": "WARM", "match": {"class": "WARM"}, "method": "WARM", "annual_rate": 0.004},
    {"segment": "RATE", "match": {"class": "RATE"}, "method": "LOSS_RATE", "historical_rate": 0.01}
    | {"adjustments": [{"rate": 0.002}, {"rate": -0.0005}]},
    {"segment": "PEERS", "match": {"class": "PEERS"}, "method": "LOSS_RATE"}
    | {"peer_allowance": 300.0, "peer_amortised_cost": 20_000.0},
    {"segment": "AGED", "match": {"class": "AGED"}, "method": "AGING", "factor": 1.1}
    | {"buckets": [{"max_days": 30, "rate": 0.003}, {"max_days": 90, "rate": 0.08}, {"max_days": None, "rate": 0.4}]},
    {"segment": "ROLLED", "match": {"class": "ROLLED"}, "method": "ROLL_RATE"}
    | {"buckets": [{"max_days": 29, "roll": 0.05}, {"max_days": 89, "roll": 0.4}, {"max_days": 100, "roll": 0.9}]},
    {"segment": "YEARS", "match": {"class": "YEARS"}, "method": "VINTAGE"}
    | {"remaining_losses": {"2022": [4_000.0, 2_000.0], "2024": [9_000.0]}},
]
CLASSES = (*(each["segment"] for each in SEGMENTS), "ALONE")
SATELLITES = [
    {"segment": "S1", "match": {"class": "HOMES"}, "pd": {"unemployment_rate": 0.2, "house_price_index": -1.5}}
    | {"lgd": {"house_price_index": -0.5}},
    {"segment": "S2", "match": {"class": "SHOPS"}, "pd": {"real_gdp_growth": -9.0, "vix": 0.01}},
    {"segment": "S3", "match": {"class": "TERM"}, "lgd": {"unemployment_rate": 0.03}},
    {"segment": "S4", "match": {"class": "GIVEN", "currency": "EUR"}, "pd": {"unemployment_rate": 0.3}},
]
WEIGHTS = {"BASE": 0.5, "slump": 0.3, "factor": 0.2}
OVERLAYS = [
    {"match": {"class": "SHOPS"}, "rate": 0.003, "reason": "vacancies"},
    {"match": {"currency": "EUR"}, "amount": 10_000.0, "reason": "flood"},
    {"match": {"class": "HOMES", "currency": "U*"}, "multiplier": 1.25, "reason": "prices"},
]
HORIZON = {
    "scenario_weights": WEIGHTS,
    "forecast_quarters": 5,
    "reversion_quarters": 3,
    "overlays": OVERLAYS,
}
POLICIES: dict[str, dict[str, Any]] = {
    "cecl": {"lgd_defaults": {"SUBORDINATED": 0.7, "*": 0.45}, "cecl": {"segments": SEGMENTS, **HORIZON}}
    | {"satellites": SATELLITES},
    "ifrs9": {"lgd_defaults": {"SUBORDINATED": 0.7}, "ifrs9": {"sicr": {"pd_ratio": 1.8}, **HORIZON}}
    | {"satellites": SATELLITES},
}
SCENARIOS: dict[str, list[dict[str, Any]]] = {
    "BASE": [],
    "slump": [
        {
            "kind": "MACRO",
            "start": {"unemployment_rate": 4.4, "house_price_index": 320.0, "real_gdp_growth": 1.0},
            "path": {
                "unemployment_rate": [5.0, 6.5, 7.0, 6.0, 5.5, 5.0, 4.9],
                "house_price_index": [310.0, 290.0, 285.0, 290.0, 295.0, 300.0, 305.0],
                "real_gdp_growth": [-3.0, -4.0, 1.0, 2.0, 2.5, 2.0, 2.0],
            },
        }
    ],
    "factor": [
        {"kind": "DEFAULT", "multiplier": 1.5},
        {"kind": "CREDIT_FACTOR", "z": -1.2, "rho": 0.2},
        {"kind": "SEVERITY", "add": 0.08},
        {"kind": "PREPAYMENT", "multiplier": 0.5},
    ],
}


def said_of(chance: random.Random, kind: str) -> dict[str, dict[str, Any]]:
    """Of one position: what stands on it, on its instrument and on its issuer."""

    def perhaps(share: float, *values: Any) -> Any:
        return chance.choice(values) if chance.random() < share else ""

    amount = round(chance.uniform(1e5, 2e6), 2)
    position = {
        "notional": amount if chance.random() < 0.97 else -amount,
        "class": kind,
        "amortised_cost": perhaps(0.5, round(amount * 0.98, 2)),
        "pd_12m": perhaps(0.85, 0.0, 0.002, 0.013, 0.08, 0.3),
        "lgd": perhaps(0.6, 0.1, 0.4, 0.97),
        "days_past_due": perhaps(0.4, 0, 29, 30, 89, 91, 170),
        "undrawn": perhaps(0.4, round(amount * 0.3, 2)),
        "ccf": perhaps(0.3, 0.25, 0.6),
        "commitment_type": perhaps(0.5, "UNCONDITIONALLY_CANCELLABLE", "TRADE_LC", "COMMITMENT"),
        "accounting_class": perhaps(0.25, "AFS", "AFS", "HFS", "FVO", "HTM"),
        "market_value": perhaps(0.5, round(amount * 0.95, 2), round(amount * 0.8, 2)),
        "effective_interest_rate": perhaps(0.4, 0.03, 0.055),
        "stage": perhaps(0.15, 1, 2, 3),
        "watchlist": perhaps(0.1, "true"),
        "pd_at_origination": perhaps(0.6, 0.001, 0.007, 0.05),
        "defaulted": perhaps(0.04, "true"),
        "origination_date": perhaps(0.5, "2022-05-01", "2024-02-29"),
    }
    instrument = {
        "product_type": "LOAN",
        "currency": chance.choice(("USD", "EUR", "GBP")),
        "issue_date": chance.choice(("2022-01-23", "2024-11-30", "2019-07-01")),
        "maturity_date": chance.choice(("2026-04-23", "2027-07-01", "2029-02-28", "2034-11-30")),
        "rate_type": "FIXED",
        "coupon": round(chance.uniform(0.01, 0.09), 4),
        "frequency": chance.choice((0, 1, 2, 4, 12, 12)),
        "day_count": chance.choice(("30/360", "ACT/365F", "ACT/360")),
        "seniority": perhaps(0.3, "SUBORDINATED", "SENIOR"),
    }
    match chance.randrange(6):
        case 0:
            instrument["product_type"] = "BOND"
        case 1:
            instrument |= {"product_type": "BOND", "rate_type": "ZERO", "coupon": ""}
        case 2:
            instrument |= {
                "product_type": "ABS_MBS",
                "wac": 0.065,
                "wam": chance.choice((9, 57)),
                "age": 30,
                "coupon": 0.06,
                "first_payment_date": "2026-02-15",
                "prepayment": "PSA 150",
                "default": "CDR 2",
                "severity": 0.4,
                **dict.fromkeys(("maturity_date", "rate_type", "frequency", "day_count"), ""),
            }
        case _:
            bullet = instrument["frequency"] == 0
            instrument["amortization"] = "BULLET" if bullet else chance.choice(("BULLET", "LEVEL_PAY", "LINEAR"))
            if not bullet:
                instrument |= {"prepayment": perhaps(0.5, "CPR 8"), "default": perhaps(0.3, "CDR 3"), "severity": 0.5}
    return {"positions": position, "instruments": instrument, "issuers": {"rating": perhaps(0.7, "A", "BBB-", "NR")}}


def write_lent_book(folder: Path, each: int, seed: int) -> Path:
    chance = random.Random(seed)
    rows: dict[str, list[dict[str, Any]]] = {"positions": [], "instruments": [], "issuers": []}
    for kind in CLASSES:
        for number in range(each):
            name, said = f"{kind}-{number:02}", said_of(chance, kind)
            keys = {"instrument_id": f"I-{name}", "issuer_id": f"C-{name}"}
            rows["positions"].append(
                {"position_id": name, "instrument_id": f"I-{name}", "book_id": "BOOK", **said["positions"]}
            )
            rows["instruments"].append({**keys, **said["instruments"]})
            rows["issuers"].append({"issuer_id": f"C-{name}", **said["issuers"]})
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / "portfolio.csv", [{"node_id": "BOOK", "parent_id": "", "kind": "BOOK"}])
    for table, some in rows.items():
        write_table(folder / f"{table}.csv", some)
    return folder


def portfolio_in(folder: Path) -> Portfolio:
    prepared = prepare_portfolio(folder)
    assert prepared.portfolio is not None and not prepared.errors, prepared.errors
    return prepared.portfolio


def inputs_of(
    portfolio: Portfolio,
    policy: dict[str, Any] | None,
    scenarios: dict[str, list[dict[str, Any]]] | None = None,
    *,
    chunk_size: int = 4096,
    **market: Any,
) -> AllowanceInputs:
    document = parse_market(json.dumps(market_of(**market)))
    if policy is not None:
        policy = parse_policy(json.dumps({"policy_id": "p", **policy})).model_dump(mode="json", exclude_none=True)
    named = {"BASE": []} if scenarios is None else scenarios
    said = {
        "scenarios": [name if name == "BASE" else f"{name}@1" for name in named],
        "scenario_documents": [{"scenario_id": name, "name": name, "shocks": each} for name, each in named.items()],
        "chunk_size": chunk_size,
    }
    asked = request_of(document, ("basel-2023", "us-2015"), policy).model_dump() | said
    requested = RunRequested.model_validate(asked)
    return resolve_allowance(resolve_run(portfolio, document, requested), document, requested)


def allowances(inputs: AllowanceInputs) -> Allowances:
    return allowances_of_run(inputs.book, inputs.run, inputs.fair_values)
