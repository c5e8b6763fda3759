"""names and dates of snapshots: see migrations/sql/0014_brought_snapshots.sql"""

from migrations.files import run_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_sql("0014_brought_snapshots.sql")
