"""Lets an application's connection pools open new connections after a reset that ended the old ones."""

import gc
import sys
import time
from typing import Any

_ended_at = 0.0
"""When connections were last ended, as `time.time()` tells it."""


def renew_connections() -> None:
    """Keep SQLAlchemy, Django and psycopg_pool from using a connection that was made before now.

    Only what the process has imported is touched. Pools of asyncio find out by themselves: they check a
    connection before they give it out, if the application asked for it.
    """
    global _ended_at
    _ended_at = time.time()
    if "sqlalchemy.pool" in sys.modules:
        _renew_sqlalchemy()
    if "django.db" in sys.modules:
        _renew_django()
    if "psycopg_pool" in sys.modules:
        _drain_psycopg_pools()


def _renew_sqlalchemy() -> None:
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    if not event.contains(Pool, "checkout", _refuse_old_connection):
        event.listen(Pool, "checkout", _refuse_old_connection)


def _refuse_old_connection(connection: Any, record: Any, proxy: Any) -> None:
    """Let a pool replace a connection that it made before the last reset that ended connections."""
    from sqlalchemy.exc import DisconnectionError

    if record.starttime <= _ended_at:
        raise DisconnectionError("tdmvc reset the database")


def _renew_django() -> None:
    from django.conf import settings
    from django.db import connections

    if not settings.configured:
        return
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


def _drain_psycopg_pools() -> None:
    from psycopg_pool import ConnectionPool

    for found in gc.get_objects():
        # `isinstance` would ask lazy objects for their class, and the settings of Django fail if nobody made them.
        if issubclass(type(found), ConnectionPool) and not found.closed:
            found.drain()
