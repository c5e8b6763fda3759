"""chunks with exceptions, what workers do, rebuilds asked for: see migrations/sql/0023_at_work.sql"""

from migrations.files import run_sql

revision = "0023"
down_revision = "0021"


def upgrade() -> None:
    run_sql("0023_at_work.sql")
