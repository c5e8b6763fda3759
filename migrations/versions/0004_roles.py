"""roles: see migrations/sql/0004_roles.sql"""

from migrations.files import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_sql("0004_roles.sql")
