"""ladders of the cash flows that runs keep: see migrations/sql/0015_ladders.sql"""

from migrations.files import run_sql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_sql("0015_ladders.sql")
