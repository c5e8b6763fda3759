"""vouched results: see migrations/sql/0013_vouched_results.sql"""

from migrations.files import run_sql

revision = "0013"
down_revision = "0011"


def upgrade() -> None:
    run_sql("0013_vouched_results.sql")
