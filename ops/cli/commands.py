"""The list of commands."""

from typing import ClassVar

from ops.cli.lazy_group import LazyGroup, Listed


class Commands(LazyGroup):
    """Every command: its module, and the first line of its own description."""

    table: ClassVar = {
        "demo": Listed(
            "ops.cli.demonstration.demo",
            "Embedded Postgres, a sample fund, a full run, figures; then everything served on one port.",
        ),
        "up": Listed(
            "ops.cli.operating.service",
            "Everything on one port: APIs, workers, projections and the page. Ctrl-C stops cleanly.",
        ),
        "serve": Listed("ops.cli.operating.service", "One service alone."),
        "stop": Listed(
            "ops.cli.operating.service",
            "Stop the embedded server that commands share; who still uses it is named first, and a terminal asks.",
        ),
        "worker": Listed(
            "ops.cli.operating.service",
            "Work on chunks until stopped; any number on any machines that reach the database.",
        ),
        "migrate": Listed("ops.cli.operating.service", "Bring the database up to date."),
        "doctor": Listed("ops.cli.operating.service", "What is wrong, and its fix."),
        "template": Listed(
            "ops.cli.template",
            "An empty portfolio with its market and scenarios, and a page that says what every column means.",
        ),
        "check": Listed(
            "ops.cli.check",
            "What a run over these would lack, by sentence and count. Nothing is priced, nothing stored.",
        ),
        "ingest": Listed("ops.cli.tapes.ingest", "Validate a portfolio, then store it as a snapshot."),
        "results": Listed("ops.cli.results", "Results of a run, never truncated in silence."),
        "compare": Listed("ops.cli.compare", "From, new, gone, changed, to, in base currency. Nothing is revalued."),
        "cashflows": Listed(
            "ops.cli.cash_flows", "Cash flows of a run after its date, worked out by the kernels that priced it."
        ),
        "var": Listed(
            "ops.cli.value_at_risk", "Value at risk and expected shortfall, and what of them is due to each part."
        ),
        "backtest": Listed(
            "ops.cli.value_at_risk",
            "How many days lost more than the VaR, and whether that is too many or too close together.",
        ),
        "bench": Listed(
            "ops.cli.bench",
            "Measure the whole path on a sample fund, in a database made for it and removed afterwards.",
        ),
        "projections": Listed("ops.cli.operating.projections", "The readers of the log that keep tables."),
        "market": Listed("ops.cli.snapshots", "Market snapshots."),
        "portfolio": Listed("ops.cli.snapshots", "Portfolio snapshots."),
        "mapping": Listed("ops.cli.tapes.mappings", "Mappings: how foreign tables are read, in versions."),
        "scenario": Listed("ops.cli.scenarios", "Scenarios and sets of them."),
        "run": Listed("ops.cli.runs", "Runs: one portfolio, one market, scenarios, measures."),
        "risk": Listed("ops.cli.risk", "Risk that is worked out when asked for."),
        "model": Listed("ops.cli.valuation_models", "Models: versions, approvals, limits of use."),
        "regulatory": Listed("ops.cli.capital.regulatory", "Capital of a run, by the rules that it names."),
        "allowance": Listed("ops.cli.capital.allowance", "Allowance for credit losses of a run, by its policy."),
        "stress": Listed("ops.cli.capital.stress", "Stress of a run: losses, capital and rate shocks."),
        "policy": Listed("ops.cli.capital.policies", "Policies of credit and capital, in versions."),
        "limits": Listed("ops.cli.capital.limits", "Limits of a run's policy."),
        "archive": Listed("ops.cli.archive", "Runs that have left the database, as Parquet with hashes."),
        "schedule": Listed("ops.cli.outward.schedules", "Runs that are asked for by the clock."),
        "webhook": Listed("ops.cli.outward.webhooks", "Messages to other systems about what happens."),
        "watch": Listed(
            "ops.cli.outward.webhooks",
            "Print messages as they happen, one a line: runs that end or are published, breaches, rejected files.",
        ),
        "mart": Listed("ops.cli.outward.marts", "Figures of runs as plain tables for other tools."),
        "audit": Listed("ops.cli.audit", "The log proves itself."),
        "key": Listed("ops.cli.access.keys", "Keys: who may come in, and what they may do."),
        "access": Listed("ops.cli.access.keys", "Who read and did what."),
    }
