"""What webhooks sign with, sealed by a key that is not in the database: a dump of it signs nothing.

The key is TENOR_SECRET_KEY, else a file of the home that is made when it is first needed. Several keys, by commas: the
first seals, all of them open, so that a key can be changed.
"""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from domain.refusals import Refused, Unavailable
from ops.ports import Connect
from ops.secrets import keep_word

SETTING, FILE = "TENOR_SECRET_KEY", "secret.key"
SEALED = "fernet:"
HOW = "openssl rand -base64 32 | tr '+/' '-_'"

SELECT_PLAIN = "SELECT webhook_id, secret FROM webhook_secret WHERE secret NOT LIKE 'fernet:%'"
SEAL = "UPDATE webhook_secret SET secret = %s WHERE webhook_id = %s AND secret = %s"


class SecretBox:
    def __init__(self, home: Path, said: str | None = None) -> None:
        """`said` in place of the setting."""
        self._home, self._said = home, said

    def seal(self, secret: str) -> str:
        return SEALED + self._keys().encrypt(secret.encode()).decode()

    def open(self, stored: str) -> str:
        """As it is where it was stored before secrets were sealed."""
        if not stored.startswith(SEALED):
            return stored
        try:
            return self._keys().decrypt(stored.removeprefix(SEALED)).decode()
        except InvalidToken as error:
            message = "a webhook's secret was sealed by another key than this machine has"
            fix = f"give every machine the same {SETTING}, or the first one's TENOR_HOME/{FILE}; or rotate the webhook"
            raise Unavailable("SECRET_SEALED_ELSEWHERE", message, fix) from error

    def seal_plain_ones(self, connect: Connect) -> None:
        """Those of before; each is sealed once, whoever comes first."""
        with connect() as connection:
            for webhook_id, secret in connection.execute(SELECT_PLAIN).fetchall():
                connection.execute(SEAL, (self.seal(secret), webhook_id, secret))

    def _keys(self) -> MultiFernet:
        said = self._said or os.environ.get(SETTING) or self._of_file()
        keep_word(said)
        try:
            return MultiFernet([Fernet(each.strip()) for each in said.split(",")])
        except ValueError as error:
            fix = f"make one with: {HOW}; several stand by commas, the newest first"
            raise Refused("INVALID_SETTING", f"{SETTING} holds no key of 32 bytes in base64", fix) from error

    def _of_file(self) -> str:
        """Made whole before it has its name: whoever comes second reads the first one's."""
        file = self._home / FILE
        if not file.is_file():
            self._home.mkdir(parents=True, exist_ok=True)
            draft = self._home / f".{FILE}.{os.getpid()}.{os.urandom(4).hex()}"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(Fernet.generate_key())
            try:
                os.link(draft, file)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return file.read_text().strip()
