"""Where archives go: a directory, or a bucket of anything that speaks S3.

/mnt/archive             a directory; a file is written under another name, synced, then renamed
s3://bucket/some/prefix  credentials, region and AWS_ENDPOINT_URL as boto3 finds them; the server checks the
                         sha256 of what it receives
"""

import base64
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from ops.archiving.problems import ArchiveIncomplete, ArchiveUnreachable

S3_SCHEME = "s3://"
READ_BYTES = 1024 * 1024


class Destination(Protocol):
    """The folder of one run. `root` is what the event keeps, `url` what people are told."""

    root: str
    url: str

    def put(self, name: str, source: Path, sha256: str) -> None:
        """Whole or not at all; again is the same."""
        ...

    def get(self, name: str, target: Path) -> None: ...


def destination_of(text: str, run_id: str) -> Destination:
    if text.startswith(S3_SCHEME):
        return S3Destination(text.rstrip("/"), run_id)
    return DirectoryDestination(Path(text).expanduser().absolute(), run_id)


class DirectoryDestination:
    def __init__(self, root: Path, run_id: str) -> None:
        self.root, self._folder = str(root), root / run_id
        self.url = str(self._folder)

    def put(self, name: str, source: Path, _sha256: str) -> None:
        with _reachable(self.url):
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = self._folder / f".{name}.draft"
            shutil.copyfile(source, draft)
            _sync(draft)
            draft.replace(self._folder / name)
            _sync(self._folder)

    def get(self, name: str, target: Path) -> None:
        with _reachable(self.url):
            try:
                shutil.copyfile(self._folder / name, target)
            except FileNotFoundError:
                raise ArchiveIncomplete(self.url, name) from None


class S3Destination:
    def __init__(self, root: str, run_id: str) -> None:
        import boto3

        self.root, self.url = root, f"{root}/{run_id}"
        self._bucket, _, self._prefix = self.url.removeprefix(S3_SCHEME).partition("/")
        with _reachable(self.url):
            self._client: Any = boto3.client("s3")

    def put(self, name: str, source: Path, sha256: str) -> None:
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        with _reachable(self.url), source.open("rb") as body:
            self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=body, ChecksumSHA256=checksum)

    def get(self, name: str, target: Path) -> None:
        with _reachable(self.url):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._key(name))
            except self._client.exceptions.NoSuchKey:
                raise ArchiveIncomplete(self.url, name) from None
            with target.open("wb") as file:
                shutil.copyfileobj(answer["Body"], file, READ_BYTES)

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}"


@contextmanager
def _reachable(url: str) -> Iterator[None]:
    """A full disk, a bucket that is not there, no credentials, no network: all are the destination's."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (OSError, BotoCoreError, ClientError) as error:
        raise ArchiveUnreachable(url, error) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
