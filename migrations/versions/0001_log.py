"""log: see migrations/sql/0001_log.sql"""

from migrations.files import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_sql("0001_log.sql")
