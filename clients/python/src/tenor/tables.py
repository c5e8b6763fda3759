"""Arrow as it came, and what libraries make of it; each is imported when it is asked for."""

from typing import TYPE_CHECKING, Any

from tenor.errors import Invalid, TenorError
from tenor.exchange import Answer

if TYPE_CHECKING:
    import pyarrow as pa

NOTE_HEADER = "x-note"


class Table:
    """Rows that are here. `note` says what they leave out, where they leave out anything."""

    def __init__(self, table: "pa.Table", note: str = "") -> None:
        self._table, self.note = table, note

    @classmethod
    def of(cls, answer: Answer) -> "Table":
        import pyarrow as pa
        import pyarrow.ipc as ipc

        try:
            with ipc.open_stream(pa.py_buffer(answer.body)) as reader:
                return cls(reader.read_all(), answer.headers.get(NOTE_HEADER, ""))
        except pa.ArrowInvalid as error:
            fix = "ask again; if it stays so, what stands between here and the server changes answers"
            raise TenorError(f"the table cannot be read: {error}", code="UNREADABLE_TABLE", fix=fix) from error

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """Whatever reads Arrow reads this: DuckDB, Polars, pandas."""
        return self._table.__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> "pa.Table":
        return self._table

    def to_pandas(self) -> Any:
        needed("pandas")
        return self._table.to_pandas()

    def to_polars(self) -> Any:
        return needed("polars").from_arrow(self._table)

    def to_pylist(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._table.to_pylist()
        return rows


def needed(library: str) -> Any:
    from importlib import import_module

    try:
        return import_module(library)
    except ImportError as error:
        fix = f"pip install {library}, or take to_arrow()"
        raise Invalid(f"{library} is not installed here", code="NO_LIBRARY", fix=fix) from error
