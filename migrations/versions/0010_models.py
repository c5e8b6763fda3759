"""models: see migrations/sql/0010_models.sql"""

from migrations.files import run_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_sql("0010_models.sql")
