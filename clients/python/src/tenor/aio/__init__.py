"""The same client with `await`: `async with tenor.aio.connect() as client: await client.runs.submit(…).wait()`."""

from tenor.aio.client import Client, connect
from tenor.aio.runs import Results, Run, Submitted
from tenor.context import RunContext

__all__ = ["Client", "Results", "Run", "RunContext", "Submitted", "connect"]
