"""rebuild: see migrations/sql/0006_rebuild.sql"""

from migrations.files import run_sql

revision = "0006"
down_revision = "0004"


def upgrade() -> None:
    run_sql("0006_rebuild.sql")
