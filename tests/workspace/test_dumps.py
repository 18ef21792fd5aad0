"""Dumps come in as they were written: dumped again, a loaded database gives the same text."""

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tdmvc.errors import SourceError, UsageError
from tdmvc.model.location import ServerLocation
from tdmvc.model.progress import ignore_progress
from tdmvc.servers import PostgresBinaries, RunningServer
from tdmvc.sources.sql_dump import find_dump
from tdmvc.workspace.dumps import loaded_dumps
from tests.series import sample_of
from tests.servers import DatabaseServer
from tests.workspace.dump_servers import (
    Load,
    binaries,
    dump_database,
    dump_server,
    load,
    load_mysql,
    mysql_database,
)

__all__ = ["binaries", "dump_database", "dump_server", "load", "load_mysql", "mysql_database"]

RICH = r"""
CREATE EXTENSION citext;
CREATE EXTENSION vector;
CREATE SCHEMA "odd;name";
CREATE TYPE mood AS ENUM ('sad;', 'o''k', '$$', '/*');
CREATE DOMAIN "odd;name".positive AS integer CONSTRAINT "c;" CHECK (VALUE > 0);
CREATE FUNCTION twice(a int) RETURNS int LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC SELECT CASE WHEN a > 1 THEN a * 2 ELSE 0 END; END;
CREATE FUNCTION noisy() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN NEW.note := 'changed; by $$ the trigger'; RETURN NEW; END; $f$;
CREATE TABLE people (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name citext NOT NULL UNIQUE, mood mood DEFAULT 'sad;',
    note text DEFAULT E'back\\slash; it''s', raw bytea, twin int GENERATED ALWAYS AS (twice(3)) STORED,
    boss bigint REFERENCES people, place vector(2), tags text[], at timestamptz, amount numeric(12, 3));
CREATE TABLE "odd;name"."t;""1" ("a;b" "odd;name".positive, "\" text);
CREATE TABLE events (day date NOT NULL, what text) PARTITION BY RANGE (day);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events_2 PARTITION OF events DEFAULT;
CREATE TABLE log (what text);
CREATE VIEW moods AS SELECT mood, count(*) FROM people GROUP BY mood;
CREATE MATERIALIZED VIEW names AS SELECT name FROM people;
CREATE RULE logged AS ON UPDATE TO people DO (INSERT INTO log VALUES ('a;'); INSERT INTO log VALUES ('b'));
CREATE TRIGGER noise BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION noisy();
ALTER TABLE people DISABLE TRIGGER noise;
INSERT INTO people (name, note, raw, boss, place, tags, at, amount)
    SELECT 'Name ' || i, CASE i WHEN 1 THEN '\.' WHEN 2 THEN E'\\.\n\\.\n' WHEN 3 THEN E'tab\tend' WHEN 4 THEN NULL
        WHEN 5 THEN '\N' WHEN 6 THEN ''';--' ELSE E'a\\b' END,
        decode('00ff5c27', 'hex'), NULLIF(1, i), '[1,2]', ARRAY['a;', NULL, '\'], '2026-01-01 00:00+00', 1.5
    FROM generate_series(1, 20) AS i;
ALTER TABLE people ENABLE TRIGGER noise;
INSERT INTO "odd;name"."t;""1" VALUES (1, '\.'), (2, E'\\'), (NULL, 'x');
INSERT INTO events VALUES ('2026-01-05', 'one'), ('2027-01-05', 'two');
REFRESH MATERIALIZED VIEW names;
COMMENT ON TABLE people IS 'It''s; a comment';
CREATE INDEX ON people (lower(note)) WHERE note <> ';';
SELECT setval('people_id_seq', 77);
"""


def pg_dump(binaries: PostgresBinaries, location: ServerLocation, *options: str) -> str:
    """Return what pg_dump writes about a database, without what differs on purpose."""
    program = binaries.program("pg_dump")
    command = [program, "-h", location.host, "-p", str(location.port), "-U", location.user]
    done = subprocess.run(
        [*command, *options, location.database],
        env={**os.environ, "PGPASSWORD": location.password or ""},
        capture_output=True,
        text=True,
        check=True,
    )
    # A key that differs each time, and whether somebody made the schema public again.
    return re.sub(
        r"\\(?:un)?restrict.*|--\n-- Name: public;.*\n--\n\n.*creating schema.*\n\n\n", "", done.stdout
    )


@pytest.fixture(scope="module")
def rich(postgres_server: DatabaseServer) -> ServerLocation:
    """A database with what pg_dump can write."""
    postgres_server.execute("", "DROP DATABASE IF EXISTS rich", "CREATE DATABASE rich")
    postgres_server.execute("rich", RICH)
    return postgres_server.location("rich")


FORMS = {
    "plain": ("--format=plain",),
    "inserts": ("--format=plain", "--inserts", "--rows-per-insert=3"),
    "clean": ("--format=plain", "--clean", "--create"),
    "custom": ("--format=custom",),
    "directory": ("--format=directory",),
    "tar": ("--format=tar",),
}


@pytest.mark.parametrize("form", sample_of(FORMS, 2))
def test_a_dump_in_any_form_gives_the_same_database(
    form: str, rich: ServerLocation, load: Load, binaries: PostgresBinaries, tmp_path: Path
) -> None:
    file = tmp_path / ("folder" if form == "directory" else "dump.sql")
    pg_dump(binaries, rich, *FORMS[form], f"--file={file}")
    location, skipped = load(file)
    plain = ("--no-owner", "--no-privileges")
    assert pg_dump(binaries, location, *plain) == pg_dump(binaries, rich, *plain)
    assert skipped["owner"] > 5
    assert location.query == (("schema", "odd;name"), ("schema", "public"))


def test_a_compressed_dump_and_one_with_a_byte_order_mark_are_read(load: Load, tmp_path: Path) -> None:
    text = "CREATE TABLE \u00fc (a int);\nINSERT INTO \u00fc VALUES (1);\n".encode()
    packed = tmp_path / "a.sql.gz"
    packed.write_bytes(gzip.compress(text))
    marked = tmp_path / "b.sql"
    marked.write_bytes(b"\xef\xbb\xbf" + text.replace("\u00fc".encode(), b"u"))
    location, _ = load(packed, marked)
    assert location.query == (("schema", "public"),)


def test_a_schema_of_a_migration_tool_gives_no_table_a_longer_name(load: Load) -> None:
    location, _ = load(
        "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id int, hash text, created_at bigint);"
        "CREATE SCHEMA hdb_catalog; CREATE TABLE hdb_catalog.event_log (id text); CREATE TABLE orders (id int);"
    )
    assert location.query == (("schema", "public"),)


def test_schema_and_rows_may_be_in_two_files(
    rich: ServerLocation, load: Load, binaries: PostgresBinaries, tmp_path: Path
) -> None:
    schema, rows = tmp_path / "schema.sql", tmp_path / "rows.sql"
    pg_dump(binaries, rich, "--schema-only", f"--file={schema}")
    pg_dump(binaries, rich, "--data-only", "--disable-triggers", f"--file={rows}")
    location, _ = load(schema, rows)
    # Neither the trigger nor the order of references had a say.
    plain = ("--no-owner", "--no-privileges", "--data-only", "--exclude-table=names")
    assert pg_dump(binaries, location, *plain) == pg_dump(binaries, rich, *plain)


def test_large_objects_are_left_out_and_counted(load: Load) -> None:
    _, skipped = load(
        "CREATE TABLE t (a int);\nSELECT pg_catalog.lo_create('16516');\nALTER LARGE OBJECT 16516 OWNER TO postgres;\n"
        "BEGIN;\nSELECT pg_catalog.lo_open('16516', 131072);\nSELECT pg_catalog.lowrite(0, '\\x616263');\n"
        "SELECT pg_catalog.lo_close(0);\nCOMMIT;\nCOMMENT ON LARGE OBJECT 16516 IS 'it';\n"
    )
    assert skipped == {"large object": 1, "owner": 1}


def test_functions_of_missing_extensions_have_stand_ins(load: Load, dump_server: RunningServer) -> None:
    _, skipped = load(
        'CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public;'
        "CREATE TABLE t (id uuid DEFAULT public.uuid_generate_v4() PRIMARY KEY); INSERT INTO t DEFAULT VALUES;"
    )
    assert skipped == {}
    query = "SELECT column_default, (SELECT count(*) FROM t) FROM information_schema.columns WHERE table_name = 't'"
    assert DatabaseServer(dump_server).rows("dump", query) == [("uuid_generate_v4()", 1)]


def test_a_statement_that_needs_a_missing_extension_says_so(load: Load) -> None:
    dump = "CREATE EXTENSION postgis; CREATE TABLE t (at public.geometry);"
    with pytest.raises(SourceError, match=r'type "public\.geometry" does not exist') as error:
        load(dump)
    assert "the extension postgis, which the server of tdmvc does not have" in error.value.remedy


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("CREATE TABLE t (a int);".encode("utf-16"), "PowerShell"),
        (b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t(a);\n", "a dump of SQLite"),
        (gzip.compress(b"PGDMP\1\x0e\0"), "compressed archive"),
    ],
    ids=["UTF-16", "SQLite", "gzip"],
)
def test_other_files_that_end_in_sql_say_what_they_are(content: bytes, why: str, tmp_path: Path) -> None:
    file = tmp_path / "dump.sql"
    file.write_bytes(content)
    with pytest.raises(SourceError, match=why) as error:
        find_dump(file)
    assert error.value.remedy


def test_an_archive_that_is_cut_off_is_refused(
    rich: ServerLocation, load: Load, binaries: PostgresBinaries, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    pg_dump(binaries, rich, "--format=custom", f"--file={whole}")
    cut.write_bytes(whole.read_bytes()[:-3000])
    with pytest.raises(SourceError) as error:
        load(cut)
    assert str(cut) in error.value.where


def test_an_archive_reads_no_file_outside_of_its_folder(
    rich: ServerLocation, load: Load, binaries: PostgresBinaries, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    pg_dump(binaries, rich, "--format=directory", "--compress=0", "--table=people", f"--file={whole}")
    (name,) = (path.name for path in whole.iterdir() if path.name != "toc.dat")
    other = tmp_path / "elsewhere.dat"
    (whole / name).rename(other)

    def refused(why: str) -> None:
        with pytest.raises(SourceError, match=why) as error:
            load(whole)
        assert error.value.remedy

    (whole / name).symlink_to(other)
    refused("is no file")
    (whole / name).unlink()
    os.mkfifo(whole / name)
    refused("is no file")
    (whole / name).unlink()
    toc = whole / "toc.dat"
    content = toc.read_bytes()
    named, renamed = (
        b"\0" + len(path).to_bytes(4, "little") + path for path in (name.encode(), b"../elsewhere.dat")
    )
    assert content.count(named) == 1
    toc.write_bytes(content.replace(named, renamed))
    refused("toc.dat names a file")
    toc.write_bytes(content[:1000])
    refused("cut off")
    toc.write_bytes(content[:6] + b"\x63" + content[7:])
    refused("version 1.99")
    toc.write_bytes(content)
    (whole / "blobs.toc").write_text("1 ../elsewhere.dat\n")
    refused("blobs.toc does not name")


def test_what_is_no_dump_stays_what_it_is(tmp_path: Path) -> None:
    for name in ("a.csv", "b.json", "folder"):
        path = tmp_path / name
        path.mkdir() if name == "folder" else path.write_text("CREATE TABLE t (a int);")
        assert find_dump(path) is None
    assert find_dump(tmp_path / "missing.sql") is None


def test_dumps_of_two_kinds_are_not_mixed(tmp_path: Path) -> None:
    postgres, mysql = tmp_path / "a.sql", tmp_path / "b.sql"
    postgres.write_text("CREATE TABLE t (a int);")
    mysql.write_text("CREATE TABLE `t` (a int) ENGINE=InnoDB;")
    dumps = [dump for path in (postgres, mysql) if (dump := find_dump(path))]
    with pytest.raises(UsageError, match="cannot be loaded together"), loaded_dumps(dumps, ignore_progress):
        pass


RICH_MYSQL = (
    r"CREATE TABLE `o;dd` (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, `a``;` varchar(40) DEFAULT 'it''s;',"
    r" raw blob, kind enum('a;','b''c') NOT NULL, at timestamp(3) NULL, boss int NULL,"
    r" twin int AS (boss * 2) STORED, KEY (`a``;`), CONSTRAINT `c;` CHECK (`a``;` <> ';'),"
    r" CONSTRAINT fk FOREIGN KEY (boss) REFERENCES `o;dd` (id)) ENGINE=InnoDB COMMENT='semi;colon'",
    "SET foreign_key_checks = 0",
    r"INSERT INTO `o;dd` (id, `a``;`, raw, kind, at, boss) VALUES (1,'it\'s \\ \n', 0x00ff275c, 'b''c', NULL, 2),"
    r" (2, '-- x /* y', NULL, 'a;', '2026-01-01 00:00:00.123', NULL)",
    r"CREATE TRIGGER tr BEFORE INSERT ON `o;dd` FOR EACH ROW BEGIN SET NEW.`a``;` = 'changed;'; END",
    r"CREATE VIEW v AS SELECT id, 'a;' AS b FROM `o;dd`",
    r"CREATE PROCEDURE p(a int) BEGIN IF a > 1 THEN SELECT ';'; END IF; END",
)


@pytest.mark.parametrize(
    "options", sample_of([(), ("--skip-extended-insert", "--complete-insert"), ("--databases",)], 2)
)
def test_a_dump_of_mariadb_gives_the_same_database(
    options: tuple[str, ...], mariadb_server: DatabaseServer, load_mysql: Load, tmp_path: Path
) -> None:
    program = shutil.which("mariadb-dump")
    assert program is not None
    location = mariadb_server.location("")

    def dump(database: str, *more: str) -> bytes:
        address = [f"--host={location.host}", f"--port={location.port}", f"--user={location.user}"]
        done = subprocess.run(
            [program, "--no-defaults", *address, "--routines", *more, database],
            env={**os.environ, "MYSQL_PWD": location.password or ""},
            capture_output=True,
            check=True,
        )
        return done.stdout

    def compared(database: str) -> bytes:
        return dump(database, "--skip-comments").replace(b"`dump`@`127.0.0.1`", b"`root`@`127.0.0.1`")

    with mariadb_server.fresh_database() as name:
        mariadb_server.execute(name, *RICH_MYSQL)
        file = tmp_path / "dump.sql"
        file.write_bytes(dump(name, *options))
        load_mysql(file)
        assert compared("dump") == compared(name)
