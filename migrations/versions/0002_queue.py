"""queue: see migrations/sql/0002_queue.sql"""

from migrations.files import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_sql("0002_queue.sql")
