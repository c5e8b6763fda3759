"""figures of runs as plain tables for other tools: see migrations/sql/0017_marts.sql"""

from migrations.files import run_sql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    run_sql("0017_marts.sql")
