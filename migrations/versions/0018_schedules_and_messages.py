"""moments of schedules, messages of webhooks: see migrations/sql/0018_schedules_and_messages.sql"""

from migrations.files import run_sql

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    run_sql("0018_schedules_and_messages.sql")
