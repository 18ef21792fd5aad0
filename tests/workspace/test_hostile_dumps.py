"""A dump reaches nothing outside of its own database: what tries to is refused, or left out, and nothing happens."""

import resource
from pathlib import Path

import psycopg
import pytest

from tdmvc.errors import DatabaseError, SourceError
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

TABLE = "CREATE TABLE t (a text);\n"
REFUSED = {
    "a shell command": "\\! touch MARK",
    "a shell command inside of a statement": "SELECT 1 \\! touch MARK\n;",
    "a pipe": "SELECT 1 \\g |touch MARK\n",
    "output into a pipe": "\\o |touch MARK",
    "another file": "\\i /etc/passwd",
    "a file of the client": "\\copy t FROM /etc/passwd",
    "a variable": "\\set x `touch MARK`",
    "statements out of rows": "SELECT 'SELECT 1' \\gexec\n",
    "COPY to a program": "COPY (SELECT 1) TO PROGRAM 'touch MARK';",
    "COPY from a program": "COPY t FROM PROGRAM 'touch MARK';",
    "COPY with odd letters": "/* a */ cOpY t /* FROM stdin */ FrOm\nPROGRAM 'touch MARK';",
    "COPY from a file": "COPY t FROM '/etc/passwd';",
    "COPY to a file": "COPY (SELECT 1) TO 'MARK';",
    "COPY in a block": "DO $$ BEGIN EXECUTE 'COPY t FROM PROGRAM ''touch MARK'''; END $$;",
    "COPY in a function": "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
    " COPY t FROM PROGRAM 'touch MARK'; END $$; SELECT f();",
    "another user in a block": "DO $$ BEGIN EXECUTE 'SET SESSION AUTHORIZATION postgres'; END $$;",
    "rights in a block": "DO $$ BEGIN EXECUTE 'GRANT pg_execute_server_program TO dump'; END $$;",
    "a superuser in a block": "DO $$ BEGIN EXECUTE 'ALTER ROLE dump SUPERUSER'; END $$;",
    "a file of the server": "INSERT INTO t SELECT pg_read_file('/etc/passwd');",
    "a folder of the server": "INSERT INTO t SELECT pg_ls_dir('/');",
    "a large object from a file": "SELECT lo_import('/etc/passwd');",
    "a large object to a file": "SELECT lo_export(lo_create(0), 'MARK');",
    "a setting of the server": "ALTER SYSTEM SET archive_command = 'touch MARK';",
    "a library": "LOAD '/tmp/evil.so';",
    "a transaction that is undone": "BEGIN; INSERT INTO t VALUES ('a'); ROLLBACK;",
    "two databases": "\\connect other\nCREATE TABLE u (a int);",
}


@pytest.mark.parametrize("dump", REFUSED.values(), ids=REFUSED.keys())
def test_what_reaches_outside_is_refused(dump: str, load: Load, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with pytest.raises(SourceError) as error:
        load(TABLE + dump.replace("MARK", str(mark)))
    assert not mark.exists()
    assert "dump0.sql, line " in error.value.where
    assert error.value.remedy


LEFT_OUT = {
    "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/evil.so', 'f';": "language",
    "CREATE FUNCTION f() RETURNS int LANGUAGE internal AS 'pg_ls_dir';": "language",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS $$ import os $$;": "language",
    "CREATE EXTENSION dblink;": "extension dblink",
    "CREATE EXTENSION file_fdw WITH SCHEMA public;": "extension file_fdw",
    'CREATE EXTENSION IF NOT EXISTS "no-such-extension";': "extension no-such-extension",
    "CREATE SERVER s FOREIGN DATA WRAPPER file_fdw;": "foreign",
    "CREATE FOREIGN TABLE ft (a int) SERVER s OPTIONS (program 'touch MARK');": "foreign",
    "CREATE SUBSCRIPTION s CONNECTION 'host=example.test' PUBLICATION p;": "subscription",
    "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();": "event trigger",
    "CREATE ROLE evil SUPERUSER LOGIN; ALTER ROLE dump SUPERUSER;": "role",
    "SET ROLE postgres; SET SESSION AUTHORIZATION 'postgres';": "role",
    "GRANT pg_execute_server_program TO dump; REVOKE ALL ON t FROM dump;": "privilege",
    'ALTER TABLE t OWNER TO postgres; ALTER TABLE ONLY public.t OWNER TO "a;b";': "owner",
    "CREATE DATABASE other; DROP DATABASE postgres; ALTER DATABASE dump SET search_path = x;": "database",
    "CREATE TABLESPACE s LOCATION '/tmp';": "tablespace",
}


@pytest.mark.parametrize(("dump", "noun"), LEFT_OUT.items())
def test_what_no_dataset_keeps_is_left_out_and_counted(
    dump: str, noun: str, load: Load, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    location, skipped = load(TABLE + dump.replace("MARK", str(mark)) + "INSERT INTO t VALUES ('row');")
    assert not mark.exists()
    assert sum(count for name, count in skipped.items() if noun in name) == dump.count(";") - dump.count(
        "a;b"
    )
    with psycopg.connect(
        host=location.host, port=location.port, user="dump", password=location.password, dbname="dump"
    ) as connection:
        assert connection.execute("SELECT a FROM t").fetchall() == [("row",)]
        rights = connection.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = 'dump'")
        assert rights.fetchall() == [(False,)]


def test_who_loads_a_dump_may_enter_no_other_database(load: Load) -> None:
    location, _ = load(TABLE)
    for database in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(
                host=location.host,
                port=location.port,
                user="dump",
                password=location.password,
                dbname=database,
            )


VALUES = {
    "INSERT INTO n VALUES ('s3cret');": "invalid text representation",
    "INSERT INTO n VALUES (1), (1);": "unique violation, table n, constraint n_pkey",
    "COPY n (a) FROM stdin;\n1\ns3cret\n\\.\n": "invalid text representation, row 2, column a",
    "COPY n (a) FROM stdin;\n1\n1\n\\.\n": "unique violation, table n, constraint n_pkey, row 2",
    "INSERT INTO n VALUES (2) 's3cret';": "syntax error",
    "DO $$ BEGIN RAISE EXCEPTION 's3cret'; END $$;": "raise exception",
    "INSERT INTO missing VALUES (1);": 'relation "missing" does not exist',
}


@pytest.mark.parametrize(("dump", "reason"), VALUES.items())
def test_an_error_names_line_and_object_and_no_value(dump: str, reason: str, load: Load) -> None:
    with pytest.raises(SourceError) as error:
        load(f"CREATE TABLE n (a int PRIMARY KEY);\n\n{dump}")
    assert reason in error.value.what
    assert "dump0.sql, line 3: " in error.value.where
    assert "s3cret" not in error.value.message
    assert error.value.__cause__ is None


RESULTS = "SELECT repeat('x', 1000000) FROM generate_series(1, 300);"


def test_a_result_is_not_kept_in_memory(load: Load) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load(
        f"{TABLE}{RESULTS}\nINSERT INTO t SELECT 'a' FROM generate_series(1, 300) RETURNING repeat('x', 1000000);"
    )
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100_000  # kilobytes, of 600 MB


def test_copy_behind_another_statement_is_refused(load: Load) -> None:
    # To the server, the first text goes on to the third quote, so that the second one is no text.
    with pytest.raises(DatabaseError, match="has COPY in it"):
        load(
            TABLE
            + "DO $$ BEGIN PERFORM set_config('standard_conforming' || '_strings', 'off', false); END $$;\n"
            "INSERT INTO t VALUES ('\\' || '); COPY t TO stdout; --');"
        )


def test_a_dump_that_ends_its_own_connection_is_an_error(load: Load) -> None:
    with pytest.raises((DatabaseError, SourceError)):
        load("SELECT pg_terminate_backend(pg_backend_pid());")


MYSQL = {
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE t;": "reads a file",
    "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t;": "reads a file",
    "/*!50000 LOAD DATA INFILE '/etc/passwd' INTO TABLE t */;": "reads a file",
    "SELECT 'x' INTO OUTFILE 'MARK';": "writes a file",
    "SELECT 'x' INTO DUMPFILE 'MARK';": "writes a file",
    "PREPARE s FROM 'SELECT 1 INTO OUTFILE ''MARK'''; EXECUTE s;": "refuses",
    "CREATE PROCEDURE p() SELECT 1 INTO OUTFILE 'MARK'; CALL p();": "refuses",
    "CREATE FUNCTION f RETURNS INTEGER SONAME 'evil.so';": "in a library",
    "INSTALL PLUGIN p SONAME 'evil.so';": "changes the server",
    "INSERT INTO mysql.global_priv VALUES ('%', 'evil', '{}');": "refuses",
    "system touch MARK\n": "a command of mysql",
    "\\! touch MARK\n": "a command of mysql",
    "source /etc/passwd\n": "a command of mysql",
    "USE other; CREATE TABLE u (a int);": "two databases",
}


@pytest.mark.parametrize(("dump", "why"), MYSQL.items())
def test_what_reaches_outside_of_mysql_is_refused(
    dump: str, why: str, load_mysql: Load, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    with pytest.raises(SourceError) as error:
        load_mysql("CREATE TABLE `t` (a text) ENGINE=InnoDB;\n" + dump.replace("MARK", str(mark)))
    assert why in error.value.what
    assert not mark.exists()


def test_a_file_that_mysql_may_not_read_is_null(load_mysql: Load, mariadb_server: object) -> None:
    location, skipped = load_mysql(
        "CREATE TABLE `t` (a text) ENGINE=InnoDB; GRANT ALL ON *.* TO dump@'%'; SET GLOBAL local_infile = 1;"
        "INSERT INTO t SELECT LOAD_FILE('/etc/passwd');"
        "CREATE DEFINER=`root`@`127.0.0.1` FUNCTION f() RETURNS text RETURN LOAD_FILE('/etc/passwd');"
        "INSERT INTO t SELECT f();"
    )
    assert skipped == {"privilege": 1, "setting": 1}
    assert mariadb_server.rows("dump", "SELECT DISTINCT a FROM t") == [(None,)]  # type: ignore[attr-defined]
    assert location.user == "dump"
