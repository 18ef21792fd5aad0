"""A dump becomes a dataset through the command line, and no message names the server that loaded it."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tdmvc.errors import DatabaseError
from tdmvc.servers import find_mariadb
from tests.builders import Ran
from tests.servers import without_package

POSTGRES = """--
-- PostgreSQL database dump
--
\\restrict abc
SET search_path = '';
CREATE SCHEMA shop;
ALTER SCHEMA shop OWNER TO boss;
CREATE TYPE shop.mood AS ENUM ('sad;', 'happy');
CREATE TABLE shop.people (id integer NOT NULL, mood shop.mood DEFAULT 'sad;');
CREATE TABLE shop.orders (id integer NOT NULL, person integer NOT NULL);
CREATE TABLE shop.django_migrations (id integer, app text, name text, applied timestamptz);
COPY shop.orders (id, person) FROM stdin;
10\t1
11\t2
\\.
COPY shop.people (id, mood) FROM stdin;
1\thappy
2\t\\N
\\.
ALTER TABLE ONLY shop.people ADD CONSTRAINT people_pkey PRIMARY KEY (id);
ALTER TABLE ONLY shop.orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id);
ALTER TABLE ONLY shop.orders ADD CONSTRAINT fk FOREIGN KEY (person) REFERENCES shop.people(id);
\\unrestrict abc
--
-- PostgreSQL database dump complete
--
"""
MYSQL = """-- MySQL dump 10.13
CREATE TABLE `people` (`id` int NOT NULL, `name` varchar(20), PRIMARY KEY (`id`)) ENGINE=InnoDB;
INSERT INTO `people` VALUES (1,'it\\'s;'),(2,NULL);
-- Dump completed on 2026-01-01
"""


def test_a_dump_of_postgresql_becomes_a_dataset(tdmvc: Callable[..., Ran], repo: Path) -> None:
    file = repo.parent / "dump.sql.gz"
    file.write_bytes(gzip.compress(POSTGRES.encode()))
    ran = tdmvc("add", "golden", file)
    assert "people  2 rows" in ran.out
    assert "left out of dump.sql.gz: 1 owner" in " ".join(ran.out.split())
    assert "keeps its state there: django_migrations" in " ".join(ran.out.split())
    assert "127.0.0.1" not in ran.out + ran.err
    contract = (repo / "datasets" / "golden" / "contract.yaml").read_text(encoding="utf-8")
    assert "people.id" in contract
    assert "sad;" in contract
    assert "unchanged" in tdmvc("add", "golden", file).out


def test_a_dump_of_mysql_becomes_a_dataset(tdmvc: Callable[..., Ran], repo: Path) -> None:
    try:
        find_mariadb()
    except DatabaseError as error:
        without_package(error)
    file = repo.parent / "dump.sql"
    file.write_text(MYSQL, encoding="utf-8")
    ran = tdmvc("add", "golden", file)
    assert "people  2 rows" in ran.out
    assert "127.0.0.1" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("\\! touch MARK", "a command of psql"),
        ("COPY t FROM PROGRAM 'touch MARK';", "COPY reads or writes something else"),
        ("INSERT INTO shop.people VALUES (3, 's3cret');", "invalid text representation"),
    ],
)
def test_a_hostile_or_wrong_dump_adds_nothing(
    line: str, why: str, tdmvc: Callable[..., Ran], repo: Path
) -> None:
    mark = repo.parent / "mark"
    file = repo.parent / "dump.sql"
    file.write_text(POSTGRES + line.replace("MARK", str(mark)), encoding="utf-8")
    ran = tdmvc("add", "golden", file, code=2)
    assert why in ran.err
    assert f"dump.sql, line {POSTGRES.count(chr(10)) + 1}" in ran.err
    assert "s3cret" not in ran.err
    assert not mark.exists()
    assert not (repo / "datasets" / "golden" / "contract.yaml").exists()
