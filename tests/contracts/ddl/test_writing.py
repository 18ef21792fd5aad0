"""Scripts that are written from a contract make its tables, and refuse the rows that its rules refuse."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pymysql
import pytest

from tdmvc.contracts import READERS, WRITERS
from tdmvc.contracts.base import ImportOptions
from tdmvc.model.schema import Contract
from tests.contracts.ddl.catalogs import CASES, differences, read_script
from tests.servers import DatabaseServer

Run = Callable[[str], Any]
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
schema:
  - name: parents
    properties: [{name: id, logicalType: integer, required: true, primaryKey: true}]
  - name: rows
    quality:
      - {id: in_order, type: sql, query: 'SELECT COUNT(*) FROM {object} WHERE NOT ("low" <= HIGH)', mustBe: 0}
      - {id: few, metric: rowCount, mustBeLessThan: 9}
      - {metric: duplicateValues, arguments: {properties: [low, high]}, mustBe: 0}
    relationships: [{type: foreignKey, from: rows.parent, to: parents.id}]
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true}
      - {name: parent, logicalType: integer}
      - {name: code, logicalType: string, unique: true, logicalTypeOptions: {minLength: 2, maxLength: 4}}
      - {name: state, logicalType: string, required: true,
         quality: [{metric: invalidValues, arguments: {validValues: [new, "o'ld"]}, mustBe: 0}]}
      - {name: low, logicalType: integer, logicalTypeOptions: {minimum: 0, exclusiveMaximum: 100, multipleOf: 5}}
      - {name: high, logicalType: integer}
      - {name: price, logicalType: number, physicalType: 'decimal(10,2)', logicalTypeOptions: {minimum: 0.5}}
      - {name: day, logicalType: date, logicalTypeOptions: {minimum: '2026-01-01'}}
      - {name: mail, logicalType: string, logicalTypeOptions: {format: email}}
      - {name: ratio, logicalType: number, logicalTypeOptions: {minimum: 0}}
"""
GOOD = {
    "id": "1",
    "parent": "7",
    "code": "'äöü€'",
    "state": "'new'",
    "low": "95",
    "high": "95",
    "price": "0.50",
    "day": "'2026-01-01'",
    "mail": "'x'",
    "ratio": "0",
}
BAD = {
    "the key is null": {"id": "NULL"},
    "the parent is missing": {"parent": "8"},
    "too short": {"code": "'ä'"},
    "too long": {"code": "'12345'"},
    "a state of another case": {"state": "'NEW'"},
    "a state with a blank": {"state": "'new '"},
    "no state": {"state": "NULL"},
    "too low": {"low": "-5"},
    "too high": {"low": "100", "high": "100"},
    "no multiple": {"low": "94"},
    "not in order": {"low": "95", "high": "90"},
    "too cheap": {"price": "0.49"},
    "too early": {"day": "'2025-12-31'"},
    "below zero": {"ratio": "-0.1"},
}
AGAIN = {
    "the key": {"code": "'zz'", "low": "5"},
    "code": {"id": "2", "low": "5"},
    "pair": {"id": "2", "code": "'zz'"},
}


@contextmanager
def _sqlite(path: Path) -> Iterator[Run]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    yield lambda sql: connection.executescript(sql)
    connection.close()


@contextmanager
def _duckdb(path: Path) -> Iterator[Run]:
    with duckdb.connect(str(path)) as con:
        yield con.execute


REFUSALS = (sqlite3.IntegrityError, duckdb.ConstraintException, psycopg.Error, pymysql.Error)


def _read() -> Contract:
    return READERS["odcs"].read(CONTRACT, "contract.yaml", ImportOptions()).contract


def _check_rows(run: Run, dialect: str) -> None:
    contract = _read()
    written = WRITERS["sql"].write(contract, contract.rules, {"dialect": dialect})
    for statement in written.text.split(";\n"):
        if statement.strip():
            run(statement)
    said = [note.message for note in written.notes if "CHECK of the length of code" not in note.message]
    assert len(said) == 2
    assert ["mail" in said[0], "few" in said[1]] == [True, True]
    assert all(note.place.line for note in written.notes)
    run("INSERT INTO parents VALUES (7)")
    run(f"INSERT INTO {_rows(dialect)} VALUES ({', '.join(GOOD.values())})")
    run(f"INSERT INTO {_rows(dialect)} VALUES (9, NULL, NULL, 'o''ld', NULL, NULL, NULL, NULL, NULL, NULL)")
    for name, change in (BAD | AGAIN).items():
        if (dialect, name) == ("sqlite", "the key is null"):
            continue  # it numbers such a row
        row = GOOD | ({"id": "3", "code": "'ok'", "low": "5"} if name in BAD else {}) | change
        try:
            run(f"INSERT INTO {_rows(dialect)} VALUES ({', '.join(row.values())})")
        except REFUSALS:
            continue
        pytest.fail(f"{name} was not refused")


def _rows(dialect: str) -> str:
    return "`rows`" if dialect == "mysql" else '"rows"'


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb"])
def test_the_constraints_of_a_file_refuse_what_the_rules_refuse(dialect: str, tmp_path: Path) -> None:
    opener = _sqlite if dialect == "sqlite" else _duckdb
    with opener(tmp_path / "a.db") as run:
        _check_rows(run, dialect)


def test_the_constraints_of_postgresql_refuse_what_the_rules_refuse(postgres_server: DatabaseServer) -> None:
    with postgres_server.fresh_database() as database:
        _check_rows(lambda sql: postgres_server.execute(database, sql), "postgresql")


def test_the_constraints_of_mariadb_refuse_what_the_rules_refuse(mariadb_server: DatabaseServer) -> None:
    with mariadb_server.fresh_database() as database:
        _check_rows(lambda sql: mariadb_server.execute(database, sql), "mysql")


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "sqlite", "duckdb"])
def test_what_is_written_of_a_script_of_the_same_engine_is_read_as_the_same(dialect: str) -> None:
    contract = read_script((CASES / f"{dialect}.sql").read_text(encoding="utf-8"), dialect).contract
    written = WRITERS["sql"].write(contract, contract.rules, {"dialect": dialect})
    again = read_script(written.text, dialect).contract
    assert differences(contract.tables, again.tables) == []
