"""Who may do what: six roles, what each may do, and which operation asks for what. The one table of it."""

from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"
    ANALYST = "analyst"
    OPERATOR = "operator"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Right(StrEnum):
    """What an operation asks for."""

    OPEN = "asked by anybody, without credentials"
    SELF = "asked by anybody who has signed in"
    READ = "read figures in scope"
    WHOLE_BOOKS = "read what shows whole books; not within a scope"
    BRING = "ingest and load markets, define scenarios, mappings and policies"
    TREES = "change the trees of portfolios; only with the scope of everything, since trees define scopes"
    MESSAGES = "manage webhooks; not within a scope, since messages tell of whole runs"
    LIMITS = "check the limits of a run, which records breaches; not within a scope"
    SUBMIT = "submit runs, and cancel own ones"
    OPERATE = "retry and archive any run, rebuild projections, publish marts, manage schedules"
    DECIDE = "approve, reject and publish runs, approve models and policies"
    ACCESS_LOG = "read the access log"
    KEYS = "create and revoke keys and readers of marts, prune the access log"


EVERYBODY = frozenset(Role)
MAY: dict[Right, frozenset[Role]] = {
    Right.OPEN: EVERYBODY,
    Right.SELF: EVERYBODY,
    Right.READ: EVERYBODY,
    Right.WHOLE_BOOKS: EVERYBODY,
    Right.BRING: frozenset({Role.ANALYST, Role.OPERATOR, Role.ADMIN}),
    Right.TREES: frozenset({Role.ANALYST, Role.OPERATOR, Role.ADMIN}),
    Right.LIMITS: frozenset({Role.ANALYST, Role.OPERATOR, Role.APPROVER, Role.ADMIN}),
    Right.SUBMIT: frozenset({Role.ANALYST, Role.OPERATOR, Role.ADMIN}),
    Right.OPERATE: frozenset({Role.OPERATOR, Role.ADMIN}),
    Right.MESSAGES: frozenset({Role.OPERATOR, Role.ADMIN}),
    Right.DECIDE: frozenset({Role.APPROVER, Role.ADMIN}),
    Right.ACCESS_LOG: frozenset({Role.AUDITOR, Role.ADMIN}),
    Right.KEYS: frozenset({Role.ADMIN}),
}
OF_EVERYTHING = frozenset({Right.WHOLE_BOOKS, Right.TREES, Right.MESSAGES, Right.LIMITS})
"""For those alone whose scope is everything."""
CANCELS_ANY_RUN = MAY[Right.OPERATE]
"""Others cancel their own."""

OPERATIONS: dict[str, Right] = {
    "operations_get_health": Right.OPEN,
    "operations_get_readiness": Right.OPEN,
    "describe": Right.OPEN,
    "asset": Right.OPEN,
    "show": Right.OPEN,
    "list_services": Right.OPEN,
    "describe_service": Right.OPEN,
    "list_types": Right.OPEN,
    "show_type": Right.OPEN,
    "auth_open_session": Right.OPEN,
    "auth_login": Right.OPEN,
    "auth_get_sign_in": Right.OPEN,
    "auth_post_sign_in": Right.OPEN,
    "auth_start": Right.OPEN,
    "auth_callback": Right.OPEN,
    "auth_sign_out": Right.OPEN,
    "auth_get_me": Right.SELF,
    "operations_get_metrics": Right.WHOLE_BOOKS,
    "audit_get_certificate": Right.WHOLE_BOOKS,
    "audit_get_checkpoint": Right.WHOLE_BOOKS,
    "audit_get_lineage": Right.READ,
    "audit_get_status": Right.WHOLE_BOOKS,
    "audit_list_checkpoints": Right.WHOLE_BOOKS,
    "audit_list_events": Right.WHOLE_BOOKS,
    "audit_list_keys": Right.WHOLE_BOOKS,
    "audit_list_stream_events": Right.WHOLE_BOOKS,
    "audit_list_verifications": Right.WHOLE_BOOKS,
    "cashflow_get_bridge": Right.READ,
    "cashflow_get_deal": Right.READ,
    "cashflow_get_ladder": Right.READ,
    "cashflow_get_liquidity": Right.READ,
    "cashflow_get_pool": Right.READ,
    "cashflow_get_repricing": Right.READ,
    "cashflow_get_schedule": Right.READ,
    "cashflow_list_paying_positions": Right.READ,
    "ingestion_define_mapping": Right.BRING,
    "ingestion_get_mapping": Right.READ,
    "ingestion_get_snapshot": Right.READ,
    "ingestion_list_columns": Right.READ,
    "ingestion_ingest_market": Right.BRING,
    "ingestion_ingest_portfolio": Right.BRING,
    "ingestion_list_mappings": Right.READ,
    "ingestion_list_snapshots": Right.READ,
    "ingestion_suggest_mapping": Right.BRING,
    "marketdata_get_market": Right.READ,
    "marketdata_list_markets": Right.READ,
    "marketdata_load_market": Right.BRING,
    "orchestrator_approve_run": Right.DECIDE,
    "orchestrator_cancel_run": Right.SUBMIT,
    "orchestrator_check_run": Right.SUBMIT,
    "orchestrator_create_key": Right.KEYS,
    "orchestrator_create_mart_reader": Right.KEYS,
    "orchestrator_define_schedule": Right.OPERATE,
    "orchestrator_define_webhook": Right.MESSAGES,
    "orchestrator_drop_mart": Right.OPERATE,
    "orchestrator_drop_mart_reader": Right.KEYS,
    "orchestrator_drop_schedule": Right.OPERATE,
    "orchestrator_drop_webhook": Right.MESSAGES,
    "orchestrator_get_mart": Right.WHOLE_BOOKS,
    "orchestrator_get_projection": Right.WHOLE_BOOKS,
    "orchestrator_get_queue": Right.WHOLE_BOOKS,
    "orchestrator_get_run": Right.READ,
    "orchestrator_get_schedule": Right.READ,
    "orchestrator_get_webhook": Right.MESSAGES,
    "orchestrator_list_access_log": Right.ACCESS_LOG,
    "orchestrator_list_dead_letters": Right.WHOLE_BOOKS,
    "orchestrator_list_keys": Right.KEYS,
    "orchestrator_list_mart_readers": Right.KEYS,
    "orchestrator_list_marts": Right.WHOLE_BOOKS,
    "orchestrator_list_messages": Right.WHOLE_BOOKS,
    "orchestrator_list_projections": Right.WHOLE_BOOKS,
    "orchestrator_list_run_history": Right.READ,
    "orchestrator_list_runs": Right.READ,
    "orchestrator_list_schedules": Right.READ,
    "orchestrator_list_webhooks": Right.MESSAGES,
    "orchestrator_list_workers": Right.WHOLE_BOOKS,
    "orchestrator_prune_access_log": Right.KEYS,
    "orchestrator_publish_mart": Right.OPERATE,
    "orchestrator_publish_run": Right.DECIDE,
    "orchestrator_rebuild_projection": Right.OPERATE,
    "orchestrator_reject_run": Right.DECIDE,
    "orchestrator_replay_projection": Right.OPERATE,
    "orchestrator_replay_webhook": Right.MESSAGES,
    "orchestrator_retry_run": Right.OPERATE,
    "orchestrator_revoke_key": Right.KEYS,
    "orchestrator_rotate_webhook": Right.MESSAGES,
    "orchestrator_rollback_projection": Right.OPERATE,
    "orchestrator_stream_run_events": Right.READ,
    "orchestrator_submit_run": Right.SUBMIT,
    "portfolio_close_node": Right.TREES,
    "portfolio_compare_snapshots": Right.READ,
    "portfolio_create_node": Right.TREES,
    "portfolio_get_hierarchy": Right.WHOLE_BOOKS,
    "portfolio_get_history": Right.READ,
    "portfolio_get_run_tree": Right.READ,
    "portfolio_get_segments": Right.READ,
    "portfolio_get_snapshot_tree": Right.READ,
    "portfolio_list_bands": Right.READ,
    "portfolio_list_snapshots": Right.READ,
    "portfolio_move_node": Right.TREES,
    "portfolio_rename_node": Right.TREES,
    "regulatory_approve_policy": Right.DECIDE,
    "regulatory_check_limits": Right.LIMITS,
    "regulatory_compare": Right.READ,
    "regulatory_define_policy": Right.BRING,
    "regulatory_explain": Right.READ,
    "regulatory_get_allowance": Right.READ,
    "regulatory_get_limits": Right.WHOLE_BOOKS,
    "regulatory_get_policy": Right.READ,
    "regulatory_get_report": Right.READ,
    "regulatory_get_rollforward": Right.READ,
    "regulatory_get_rules": Right.READ,
    "regulatory_get_stress": Right.WHOLE_BOOKS,
    "regulatory_list_policies": Right.READ,
    "results_get_position": Right.READ,
    "results_list_exceptions": Right.READ,
    "results_list_groupings": Right.READ,
    "results_list_positions": Right.READ,
    "results_list_top_positions": Right.READ,
    "results_list_totals": Right.READ,
    "risk_approve_model": Right.DECIDE,
    "risk_backtest_file": Right.READ,
    "risk_compare": Right.READ,
    "risk_compare_positions": Right.READ,
    "risk_get_backtest": Right.READ,
    "risk_get_model": Right.READ,
    "risk_get_quotes": Right.READ,
    "risk_get_value_at_risk": Right.READ,
    "risk_list_key_rates": Right.READ,
    "risk_list_models": Right.READ,
    "risk_list_scenario_changes": Right.READ,
    "risk_withdraw_model": Right.DECIDE,
    "scenario_define_history": Right.BRING,
    "scenario_define_scenarios": Right.BRING,
    "scenario_define_set": Right.BRING,
    "scenario_get_scenario": Right.READ,
    "scenario_get_set": Right.READ,
    "scenario_list_scenarios": Right.READ,
    "scenario_list_sets": Right.READ,
}


def may(role: Role, right: Right) -> bool:
    return role in MAY[right]


def operations_of(role: Role, *, is_whole: bool) -> list[str]:
    """What the page offers to somebody; without the scope of everything, nothing that shows whole books."""
    return sorted(
        operation
        for operation, right in OPERATIONS.items()
        if may(role, right) and (is_whole or right not in OF_EVERYTHING)
    )
