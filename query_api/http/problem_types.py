"""What can be refused, by its code: a title and what it means. Each has a page below /docs/problems."""

BASE = "/docs/problems/"

TYPES: dict[str, tuple[str, str]] = {
    # of read models
    "REBUILD_RUNNING": ("Rebuild under way", "The read model is being rebuilt or rolled back already."),
    "UNKNOWN_PROJECTION": ("No such projection", "There is no read model of that name."),
    "NO_VERSION_BEFORE": ("No version before", "The read model has no version to go back to."),
    # of the request itself
    "ADDRESS_TOO_LONG": ("Address too long", "The path and the query together are longer than is read."),
    "BAD_FILTER": ("Filter not understood", "What stands in `where` is no filter; the fix is the grammar in one line."),
    "BAD_QUERY": ("Question without an answer", "The question names something that is not there to be asked for."),
    "BODY_TOO_LARGE": ("Body too large", "The body has more bytes than this address takes."),
    "CONTROL_CHARACTER": ("Control character", "A text holds a character that no name or reason may hold."),
    "CROSS_SITE": ("From another site", "A page of another site asked for a change; such requests are never done."),
    "HEAD_TOO_LARGE": ("Headers too large", "The headers together are longer than is read."),
    "HOST_NOT_ALLOWED": ("Host not served here", "The server is not known under the name that it was asked by."),
    "INVALID_REQUEST": (
        "Invalid request",
        "A parameter or field has a value that it cannot; `errors` lists them.",
    ),
    "NOT_ACCEPTABLE": ("No such format", "None of the types that are accepted can be given."),
    "METHOD_NOT_ALLOWED": ("No such method", "The address exists, and has no such method."),
    "NOT_FOUND": ("Not found", "It is not there, or not in what you may see."),
    "NOT_HTTP": ("Not HTTP", "What came is no request."),
    "REFUSED": ("Refused", "The detail says why."),
    "REPEATED_PARAMETER": ("Parameter repeated", "A parameter that is taken once stands in the query more than once."),
    "REQUEST_TOO_SLOW": ("Request too slow", "The head or the body came too slowly to be waited for."),
    "UNKNOWN_PARAMETER": (
        "Unknown parameter",
        "The address does not take this parameter; the fix says which it does.",
    ),
    "UNSUPPORTED_MEDIA_TYPE": ("Type not taken", "The body has another type than the address takes."),
    "IDEMPOTENCY_KEY_REUSED": (
        "Key used for another request",
        "The same Idempotency-Key came before with another body.",
    ),
    "UNAUTHORIZED": ("Who asks?", "No key or token came, or none that is valid."),
    "FORBIDDEN": ("Not allowed", "The role may not do this."),
    "OUT_OF_SCOPE": ("Out of scope", "Something in the request is below none of the key's nodes."),
    "FOUR_EYES": ("Four eyes", "Who asked for a run does not approve it, who approved it does not publish it."),
    "TOO_MANY_REQUESTS": ("Too many requests", "One principal asks more often than is answered; see Retry-After."),
    "UNKNOWN_DEAL": ("No such deal", "The run has no deal of this id."),
    # of the server's state
    "BUSY": ("Busy", "As much as can be is being answered; Retry-After says when to ask again."),
    "CHANGED_MEANWHILE": ("Changed meanwhile", "Others changed the same at the same moment."),
    "DATABASE_LOST": ("Database lost", "The database went away in the middle of the work."),
    "DATABASE_UNREACHABLE": ("Database away", "The database does not answer; Retry-After says when to ask again."),
    "INTERNAL_ERROR": ("Our fault", "Something broke; the log has it under the request's X-Request-Id."),
    "MIGRATIONS_MISSING": ("Database not up to date", "`tenor migrate` brings it up to date."),
    "MOVED": ("Changed meanwhile", "Another request changed this at the same moment."),
    "PARSERS_BUSY": ("Readers of files busy", "All processes that read files are at work."),
    "PARSER_DIED": ("Reader of the file died", "The process that read the file ended early; the file may be at fault."),
    "PROJECTION_HALTED": ("Read model halted", "A read model met an event that it cannot take in."),
    "READ_MODEL_BEHIND": ("Not there yet", "The log has it, and the read models have not been told yet."),
    "SERVICE_UNAVAILABLE": ("Not available", "The server cannot answer at the moment."),
    "TOO_MANY_CONNECTIONS": ("Too many connections", "As many are connected as can be."),
    "NO_HISTORY": ("No history kept", "What was asked for is kept as it stands now, and not as of that event."),
    "AMBIGUOUS_ID": ("Ambiguous id", "Several ids begin like this; the problem lists them."),
    # of portfolios
    "ARCHIVE_BOMB": ("Archive too large unpacked", "The archive unpacks to far more than it has bytes."),
    "ARCHIVE_TOO_LARGE": ("Archive too large", "The archive holds more files or bytes than are read."),
    "BAD_PORTFOLIO_NAME": ("No name of a portfolio", "The name holds what a name may not hold, or is too long."),
    "EMPTY_ARCHIVE": ("Nothing in the archive", "The archive holds no table."),
    "EMPTY_PORTFOLIO": ("Portfolio without positions", "There is nothing to value."),
    "LIMIT_EXCEEDED": ("Beyond a limit", "The file has more rows, cells or bytes than are read."),
    "NOT_AN_ARCHIVE": ("No archive", "The body is neither a .zip nor a workbook."),
    "PORTFOLIO_REJECTED": ("Portfolio rejected", "Rows are not valid and nothing was stored; `errors` lists them."),
    "REPEATED_TABLE": ("Table twice", "The archive holds two files of one table."),
    "UNSAFE_ARCHIVE": ("Unsafe archive", "The archive holds a link, or a name that leads out of it."),
    "UNKNOWN_SNAPSHOT": ("No such snapshot", "There is no portfolio or market of this id."),
    # of markets, scenarios, policies and models
    "INVALID_DOCUMENT": ("Document not valid", "The document says what it cannot say; `problems` lists where."),
    "NOT_JSON": ("No JSON", "The document cannot be read as JSON."),
    "ANOTHER_KIND_OF_SCENARIO": ("Another kind of scenario", "What was named is no scenario of the kind asked for."),
    "HISTORY_TOO_SHORT": ("History too short", "There are fewer observations than the question needs."),
    "INVALID_HISTORY": ("History not valid", "The table of past moves cannot be read; `problems` lists where."),
    "REPEATED_SCENARIO": ("Scenario twice", "A scenario stands twice in what was sent."),
    "SCENARIO_DOES_NOT_FIT": ("Scenario does not fit", "A shock names what portfolio or market do not have."),
    "UNKNOWN_SCENARIO": ("No such scenario", "The scenario, set or version is not defined."),
    "PATTERN_MATCHES_NOTHING": ("Pattern matches nothing", "No name of the portfolio or market fits the pattern."),
    "MODELS_NOT_APPROVED": ("Models not approved", "The run was to use approved models only."),
    "MODEL_REFUSED": ("Decision does not fit", "The model's version stands otherwise than the decision supposes."),
    "UNKNOWN_MODEL": ("No such model", "There is no model, or no version, of this name."),
    "UNKNOWN_PREPAYMENT_MODEL": ("No such prepayment model", "The market has no prepayment model of this name."),
    "UNKNOWN_POLICY": ("No such policy", "There is no policy, or no version, of this name."),
    "POLICY_SCENARIO_MISSING": ("Policy's scenario missing", "The run lacks a scenario that its policy weighs."),
    "POLICY_WITHOUT_CAPITAL": ("Policy without capital", "The policy does not say what the report needs."),
    "POLICY_WITHOUT_SATELLITES": ("Policy without satellites", "The policy has no models of losses along scenarios."),
    "RULE_SETS_OF_ONE_FAMILY": ("Two rule sets of one family", "A run takes one rule set of each family."),
    "RULE_SET_NOT_IN_FORCE": ("Rule set not in force", "The rule set is not in force on the run's date."),
    "RULE_SET_UNKNOWN": ("No such rule set", "There is no rule set of this name."),
    "UNKNOWN_RULE_SET": ("No such rule set", "There is no rule set of this name."),
    "NO_TRANSITION_MATRIX": ("No transition matrix", "The market has no transition matrix to work with."),
    "BROKEN_RULES": ("Rules not usable", "The rule set's own file contradicts itself."),
    "RULE_FILE_BROKEN": ("Rules not usable", "The rule set's own file cannot be read."),
    "PORTFOLIO_MATURED": ("Portfolio matured", "Nothing of the portfolio is left on the market's date."),
    "NOTHING_TO_FIT": ("Nothing to fit", "There are no quotes to fit the model to."),
    # of runs and their figures
    "BASE_CURRENCY_DIFFERS": ("Base currencies differ", "The two runs report in different currencies."),
    "OTHER_BASE_CURRENCY": ("Another base currency", "The two runs report in different currencies."),
    "OTHER_BOOKS": ("Other books", "The two runs have portfolios with different trees."),
    "CASH_FLOWS_REFUSED": ("Cash flows refused", "The detail says what cannot be shown."),
    "INVALID_BUCKETS": ("No time buckets", "The buckets are neither a set that is known nor rising tenors."),
    "UNKNOWN_BASIS": ("No such basis", "Cash flows are BEHAVIOURAL or CONTRACTUAL."),
    "UNKNOWN_COLUMN": ("No such column", "The table has no column of this name."),
    "UNKNOWN_CURRENCY": ("No such currency", "The market cannot convert this currency."),
    "UNKNOWN_MEASURE": ("No such measure", "Tenor has no measure of this name, or the run lacks it."),
    "UNKNOWN_NODE": ("No such node", "The portfolio's tree has no node of this id."),
    "UNKNOWN_POSITION": ("No such position", "The run has no position of this id."),
    "UNKNOWN_REPORT": ("No such report", "There is no report of this name."),
    "UNKNOWN_RUN": ("No such run", "There is no run of this id."),
    "UNKNOWN_STREAM": ("No such stream", "The log has no stream of this name."),
    "UNSUPPORTED": ("Not supported", "The detail says what is not done."),
    "OUT_OF_RANGE": ("Out of range", "A value lies outside of what it may be."),
    "INVALID_DATE": ("No date", "Dates are written YYYY-MM-DD."),
    "RUNS_REVERSED": ("Runs the wrong way round", "The earlier run comes first."),
    "RUN_ARCHIVED": ("Run archived", "The run's figures have left the database."),
    "RUN_FAILED": ("Run failed", "The run ended without figures."),
    "RUN_MOVED": ("Run has moved on", "The run changed while it was looked at."),
    "RUN_NOT_COMPLETED": ("Run not completed", "The run has not come to its end yet."),
    "RUN_NOT_QUERYABLE": (
        "No figures yet",
        "The run has no figures that can be asked for; it is said how far it is.",
    ),
    "RUN_REFUSED": ("Decision does not fit", "The run's state does not allow the decision; the fix says what does."),
    # of evidence
    "EVENT_NOT_PROVEN": ("Event not proven", "The log cannot prove the event."),
    "NOT_PROVABLE": ("Not provable yet", "The log has it, and has not sealed it, or is not whole here."),
    "NOT_SEALED_YET": ("Not sealed yet", "The log has not sealed the run's events yet."),
    "NOT_STORED": ("Not stored", "The number is worked out when it is asked for, and nothing is stored of it."),
    "NO_FACT": ("No fact", "The log holds no fact of this chunk."),
    "SEALING_KEY_UNREADABLE": ("Sealing key unreadable", "The key that seals the log cannot be read."),
    "SNAPSHOT_EDITED": ("Snapshot changed", "What is stored of the snapshot is not what its hash says."),
    "SEALING_KEY_ELSEWHERE": ("Sealing key elsewhere", "The key that seals this log is on another machine."),
    "LOG_CUT_SHORT": ("Log cut short", "The log is shorter than what was sealed of it."),
    "ARCHIVE_UNREACHABLE": ("Archive unreachable", "The archive's place does not answer."),
    "ARCHIVE_INCOMPLETE": ("Archive incomplete", "The archive lacks a part."),
    "ARCHIVE_DAMAGED": ("Archive damaged", "A part of the archive is not what was put there."),
}


def uri_of(code: str) -> str:
    """Stable: the same for every problem of its kind, on whichever server; it resolves to that server's own page."""
    return BASE + slug_of(code)


def slug_of(code: str) -> str:
    return code.lower().replace("_", "-")


def code_of(slug: str) -> str:
    return slug.upper().replace("-", "_")
