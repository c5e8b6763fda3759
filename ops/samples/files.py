"""How the sample fund's tables and documents are written."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq


def write_table(folder: Path, name: str, table: pa.Table, format: str) -> None:
    if format == "csv":
        options = pacsv.WriteOptions(quoting_style="needed")
        pacsv.write_csv(table, folder / f"{name}.csv", options)
    else:
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")


def write_json(path: Path, document: Any) -> None:
    path.write_text(laid_out(document) + "\n", encoding="utf-8")


def laid_out(document: Any) -> str:
    """JSON that a person can read: one line for each element of a list and each entry of the document."""
    if isinstance(document, list):
        return "[\n" + ",\n".join(f"  {json.dumps(each)}" for each in document) + "\n]"
    entries = [
        f"{json.dumps(name)}: {laid_out(value) if isinstance(value, list) and value else json.dumps(value)}"
        for name, value in document.items()
    ]
    return "{\n" + ",\n".join(entries) + "\n}"
