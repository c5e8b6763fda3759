"""webhooks change their secrets: see migrations/sql/0025_webhook_secrets.sql"""

from migrations.files import run_sql

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    run_sql("0025_webhook_secrets.sql")
