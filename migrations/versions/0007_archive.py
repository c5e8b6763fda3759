"""archive: see migrations/sql/0007_archive.sql"""

from migrations.files import run_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_sql("0007_archive.sql")
