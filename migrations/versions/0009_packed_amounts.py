"""packed amounts: see migrations/sql/0009_packed_amounts.sql"""

from migrations.files import run_sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_sql("0009_packed_amounts.sql")
