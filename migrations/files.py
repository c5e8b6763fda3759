"""The SQL of a migration, by the name of its file."""

from importlib.resources import files

from alembic import op


def run_sql(name: str) -> None:
    """One file as one script: psycopg sends a text without parameters as it is."""
    script = files("migrations").joinpath("sql", name).read_text(encoding="utf-8")
    op.get_bind().connection.cursor().execute(script)
