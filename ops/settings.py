"""Settings: from the command line, else the environment, else defaults that just work."""

import os
from dataclasses import dataclass
from pathlib import Path

from ops.secrets import keep_secret


@dataclass(frozen=True)
class Settings:
    home: Path
    database_url: str | None

    @property
    def is_embedded(self) -> bool:
        return self.database_url is None


def read_settings(database_url: str | None = None) -> Settings:
    home = Path(os.environ.get("TENOR_HOME") or Path.home() / ".tenor").expanduser().absolute()
    url = database_url or os.environ.get("TENOR_DATABASE_URL") or None
    keep_secret(url)
    return Settings(home, url)
