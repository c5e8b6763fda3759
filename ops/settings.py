"""Settings: from the command line, else the environment, else defaults that just work."""

import os
from dataclasses import dataclass, field, fields
from pathlib import Path

from commands.ingestion.limits import Budget, setting_of
from domain.access.log_pruning import kept_for
from domain.refusals import Refused
from ops.secrets import keep_secret


@dataclass(frozen=True)
class Settings:
    home: Path
    database_url: str | None
    budget: Budget = field(default_factory=Budget)
    """of one upload, or one `tenor ingest`"""
    mart: bool = False
    """TENOR_MART: every published run goes into schema mart"""
    webhooks_may_be_private: bool = False
    """TENOR_WEBHOOKS_ALLOW_PRIVATE: of webhooks that are defined by HTTP"""

    access_log_keep: str | None = None
    """TENOR_ACCESS_LOG_KEEP: how long entries of the access log are kept, `400d`; for ever without"""

    @property
    def is_embedded(self) -> bool:
        return self.database_url is None


def read_settings(database_url: str | None = None) -> Settings:
    home = Path(os.environ.get("TENOR_HOME") or Path.home() / ".tenor").expanduser().absolute()
    url = database_url or os.environ.get("TENOR_DATABASE_URL") or None
    keep_secret(url)
    flags = read_flag("TENOR_MART"), read_flag("TENOR_WEBHOOKS_ALLOW_PRIVATE")
    return Settings(home, url, read_budget(), *flags, read_access_log_keep())


def read_access_log_keep() -> str | None:
    text = os.environ.get("TENOR_ACCESS_LOG_KEEP") or None
    if text is not None:
        kept_for(text)
    return text


def read_budget() -> Budget:
    """TENOR_UPLOAD_ROWS, _CELLS, _BYTES, _SECONDS and _MEMORY_BYTES."""
    said = {each.name: os.environ.get(setting_of(each.name)) for each in fields(Budget)}
    return Budget(**{name: _whole_number(setting_of(name), text) for name, text in said.items() if text})


def read_flag(name: str) -> bool:
    text = os.environ.get(name, "")
    if text not in ("", "0", "1"):
        raise Refused("INVALID_SETTING", f"{name} is {text!r}", "write 1, or 0, or leave it out")
    return text == "1"


def _whole_number(setting: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise Refused("INVALID_SETTING", f"{setting} is {text!r}", "write a whole number above nil, such as 5000000")
    return int(text)
