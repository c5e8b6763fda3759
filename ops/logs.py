"""Logs: JSON lines on stderr, so that stdout holds nothing but the answer."""

import logging
import sys

import structlog

from ops.secrets import hide_what_is_said


def configure_logs(level: int = logging.WARNING) -> None:
    hide_what_is_said()
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
    logging.basicConfig(stream=sys.stderr, level=level, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # whoever asked for the connection says it, once
