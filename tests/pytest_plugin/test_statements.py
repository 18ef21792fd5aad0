"""Statements are seen in the drivers that applications use, also in those that are not written in Python."""

import asyncio
import sys
from types import ModuleType
from typing import Any

import pytest

from tdmvc.pytest_plugin.statements import StatementListener


def module(monkeypatch: pytest.MonkeyPatch, name: str, **members: object) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(members)
    monkeypatch.setitem(sys.modules, name, made)
    return made


def make_psycopg2(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Make what of psycopg2 is used, with a class of cursors that stays as it is."""

    class CompiledCursor:
        rowcount = 0
        description = ("id",)

        def execute(self, query: str, variables: object = None) -> None: ...
        def executemany(self, query: str, variables: object) -> None: ...
        def copy_expert(self, query: str, file: object) -> None: ...

    class Connection:
        cursor_factory: Any = None

        def cursor(self, cursor_factory: Any = None) -> Any:
            return (cursor_factory or self.cursor_factory or CompiledCursor)()

    module(monkeypatch, "psycopg2.extensions", cursor=CompiledCursor)
    return module(monkeypatch, "psycopg2", connect=Connection)


def test_statements_of_psycopg2_are_seen_unless_a_cursor_is_of_a_class_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver = make_psycopg2(monkeypatch)
    original, compiled = driver.connect, sys.modules["psycopg2.extensions"].cursor
    listener = StatementListener()
    listener.start()
    driver.connect().cursor().execute("INSERT INTO orders SELECT * FROM customers")
    touched = listener.touched
    assert touched is not None
    assert (touched.read, touched.written) == ({"customers"}, {"orders"})
    driver.connect().cursor().execute("SELECT * FROM payments")
    assert listener.tables_without_row() == {"payments"}

    listener.start()
    driver.connect().cursor(cursor_factory=compiled).execute("SELECT * FROM payments")
    assert listener.touched is None
    listener.close()
    assert driver.connect is original


def test_statements_of_asyncpg_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    class Connection:
        async def fetch(self, query: str, *args: object, timeout: float | None = None) -> list[int]:
            return [len(args)]

        async def executemany(self, command: str, args: object) -> None: ...

        def cursor(self, query: str, *args: object) -> None: ...

    module(monkeypatch, "asyncpg.connection", Connection=Connection)
    listener = StatementListener()
    listener.start()

    async def use() -> list[int]:
        connection = Connection()
        await connection.executemany("UPDATE orders SET total = $1", [(1,), (2,)])
        connection.cursor("SELECT * FROM payments")
        return await connection.fetch("SELECT * FROM customers WHERE id = $1", 1, timeout=2)

    assert asyncio.run(use()) == [1]
    touched = listener.touched
    assert touched is not None
    assert touched.read >= {"payments", "customers"}
    assert touched.written == {"orders"}
    listener.close()
