"""Logs: JSON lines on stderr, so that stdout holds nothing but the answer."""

import logging
import sys

from ops.secrets import hide_what_is_said


def configure_logs(level: int = logging.WARNING) -> None:
    """INFO has a line for each step of a run's life: for processes that serve until they are told to end."""
    import structlog

    configure_libraries()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def configure_libraries() -> None:
    """What we use, for a process in which nothing of ours logs. Ours may say more: it is for whoever mends it."""
    hide_what_is_said()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # whoever asked for the connection says it, once
