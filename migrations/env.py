"""Alembic's environment: the connection comes from the caller, the SQL from migrations/sql."""

from alembic import context


def run() -> None:
    context.configure(connection=context.config.attributes["connection"], transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


run()
