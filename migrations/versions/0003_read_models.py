"""read_models: see migrations/sql/0003_read_models.sql"""

from migrations.files import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql("0003_read_models.sql")
