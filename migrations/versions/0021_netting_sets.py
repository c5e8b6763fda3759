"""netting sets in totals, and answers of capital: see migrations/sql/0021_netting_sets.sql"""

from migrations.files import run_sql

revision = "0021"
down_revision = "0018"


def upgrade() -> None:
    run_sql("0021_netting_sets.sql")
