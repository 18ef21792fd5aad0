"""Runs the migrations in the database of DATABASE_URL."""

from alembic import context

from shop.database import engine
from shop.models import Base

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
