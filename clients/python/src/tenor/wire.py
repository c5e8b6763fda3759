"""The steps of operations on a real wire: httpx, blocking and asynchronous. Nothing else here knows of httpx."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tenor.exchange import Answer, Ask, Broken, Listen, NextLine, Operation, Pause, Send, Step

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
PIECE_BYTES = 256 * 1024
CONNECT_SECONDS = 10.0
PARTIAL = ".partial"


def settings(url: str, key: str | None, timeout: float, transport: Any) -> dict[str, Any]:
    """A key goes to its server alone: redirects are not followed."""
    import httpx

    headers = {"User-Agent": f"tenor-client/{release()}"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    limits = httpx.Timeout(timeout, connect=CONNECT_SECONDS)
    given = {"base_url": url, "headers": headers, "timeout": limits, "follow_redirects": False}
    return given | ({"transport": transport} if transport is not None else {})


def release() -> str:
    try:
        return version("tenor-client")
    except PackageNotFoundError:
        return "0"


def parts_of(ask: Ask) -> dict[str, Any]:
    headers = {"Accept": ask.accept, **ask.headers}
    if ask.content is not None:
        headers["Content-Type"] = ask.content_type
    if isinstance(ask.content, Path):
        headers["Content-Length"] = str(ask.content.stat().st_size)
    # Parameters that are none would take away those of an address that has some: of the next page, its cursor.
    return {"method": ask.method, "url": ask.path, "params": dict(ask.params) or None, "headers": headers}


def head_of(response: "httpx.Response", body: bytes) -> Answer:
    return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)


class Blocking:
    """Drives operations in the caller's thread."""

    def __init__(self, url: str, key: str | None, timeout: float, transport: Any = None) -> None:
        import httpx

        self._broken = (httpx.TransportError, httpx.DecodingError)
        self._client = httpx.Client(**settings(url, key, timeout, transport))

    def run(self, operation: Operation[T]) -> T:
        said, lines = None, Lines()
        try:
            while True:
                said = self._take(operation.send(said), lines)
        except StopIteration as done:
            value: T = done.value
            return value
        finally:
            lines.close()

    def _take(self, step: Step, lines: "Lines") -> Any:
        match step:
            case Pause(seconds):
                return time.sleep(seconds)
            case NextLine():
                return self._next(lines)
            case Listen(ask):
                return self._listen(ask, lines)
            case Send(ask):
                return self._send(ask)

    def _send(self, ask: Ask) -> Answer | Broken:
        try:
            with self._client.stream(**parts_of(ask), content=pieces_of(ask)) as response:
                if ask.to is None or response.status_code >= 300:
                    return head_of(response, response.read())
                with ask.to.with_name(ask.to.name + PARTIAL).open("wb") as file:
                    for piece in response.iter_bytes():
                        file.write(piece)
            ask.to.with_name(ask.to.name + PARTIAL).replace(ask.to)
            return head_of(response, b"")
        except self._broken as error:
            return Broken(reason_of(error))

    def _listen(self, ask: Ask, lines: "Lines") -> Answer | Broken:
        lines.close()
        try:
            request = self._client.build_request(**parts_of(ask))
            response = self._client.send(request, stream=True)
            if response.status_code >= 300:
                body = response.read()
                response.close()
                return head_of(response, body)
        except self._broken as error:
            return Broken(reason_of(error))
        lines.response, lines.iterator = response, response.iter_lines()
        return head_of(response, b"")

    def _next(self, lines: "Lines") -> str | Broken:
        try:
            line = next(lines.iterator, None)
        except self._broken as error:
            return Broken(reason_of(error))
        return Broken("the stream has ended") if line is None else line

    def close(self) -> None:
        self._client.close()


class Lines:
    """A stream that is being listened to."""

    def __init__(self) -> None:
        self.response: Any = None
        self.iterator: Iterator[str] = iter(())

    def close(self) -> None:
        if self.response is not None:
            self.response.close()
            self.response = None


class Awaiting:
    """Drives operations on an event loop."""

    def __init__(self, url: str, key: str | None, timeout: float, transport: Any = None) -> None:
        import httpx

        self._broken = (httpx.TransportError, httpx.DecodingError)
        self._client = httpx.AsyncClient(**settings(url, key, timeout, transport))

    async def run(self, operation: Operation[T]) -> T:
        said, lines = None, LinesToCome()
        try:
            while True:
                said = await self._take(operation.send(said), lines)
        except StopIteration as done:
            value: T = done.value
            return value
        finally:
            await lines.close()

    async def _take(self, step: Step, lines: "LinesToCome") -> Any:
        match step:
            case Pause(seconds):
                return await asyncio.sleep(seconds)
            case NextLine():
                return await self._next(lines)
            case Listen(ask):
                return await self._listen(ask, lines)
            case Send(ask):
                return await self._send(ask)

    async def _send(self, ask: Ask) -> Answer | Broken:
        content = later(pieces_of(ask))
        try:
            async with self._client.stream(**parts_of(ask), content=content) as response:
                if ask.to is None or response.status_code >= 300:
                    return head_of(response, await response.aread())
                with ask.to.with_name(ask.to.name + PARTIAL).open("wb") as file:
                    async for piece in response.aiter_bytes():
                        file.write(piece)
            ask.to.with_name(ask.to.name + PARTIAL).replace(ask.to)
            return head_of(response, b"")
        except self._broken as error:
            return Broken(reason_of(error))

    async def _listen(self, ask: Ask, lines: "LinesToCome") -> Answer | Broken:
        await lines.close()
        try:
            request = self._client.build_request(**parts_of(ask))
            response = await self._client.send(request, stream=True)
            if response.status_code >= 300:
                body = await response.aread()
                await response.aclose()
                return head_of(response, body)
        except self._broken as error:
            return Broken(reason_of(error))
        lines.response, lines.iterator = response, response.aiter_lines()
        return head_of(response, b"")

    async def _next(self, lines: "LinesToCome") -> str | Broken:
        try:
            line = await anext(lines.iterator, None)
        except self._broken as error:
            return Broken(reason_of(error))
        return Broken("the stream has ended") if line is None else line

    async def close(self) -> None:
        await self._client.aclose()


class LinesToCome:
    """A stream that is being listened to."""

    def __init__(self) -> None:
        self.response: Any = None
        self.iterator: AsyncIterator[str] = later(iter(()))

    async def close(self) -> None:
        if self.response is not None:
            await self.response.aclose()
            self.response = None


def pieces_of(ask: Ask) -> bytes | Iterator[bytes] | None:
    return from_file(ask.content) if isinstance(ask.content, Path) else ask.content


def from_file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def later(content: Any) -> Any:
    """Pieces of a file as an event loop takes them; what is there as a whole stays so."""

    async def each() -> AsyncIterator[Any]:
        for piece in content:
            yield piece

    return content if content is None or isinstance(content, bytes) else each()


def reason_of(error: Exception) -> str:
    return str(error) or type(error).__name__
