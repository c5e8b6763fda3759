"""who may read what: see migrations/sql/0016_access.sql"""

from migrations.files import run_sql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run_sql("0016_access.sql")
