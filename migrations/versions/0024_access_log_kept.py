"""how long the access log is kept: see migrations/sql/0024_access_log_kept.sql"""

from migrations.files import run_sql

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    run_sql("0024_access_log_kept.sql")
