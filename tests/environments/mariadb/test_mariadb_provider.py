"""Databases of MariaDB come from a template that is built once, and nothing is left of them."""

import os
import signal
import subprocess
import sys
import textwrap
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tdmvc.environments.base import EmbeddedServer, EphemeralDatabase, TemplateBuild
from tdmvc.environments.mariadb import EmbeddedMariadb, provider_for
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod, TemplateOrigin
from tdmvc.model.location import Location, ServerLocation
from tests.environments.mariadb.conftest import KEY, build, connect, content, run
from tests.series import long_only


def refuse(location: Location) -> None:
    raise AssertionError("this is not necessary")


def names(location: Location) -> list[str]:
    with closing(connect(location)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM customers ORDER BY id")
        return [name for (name,) in cursor.fetchall()]


def test_templates_are_used_again_and_derived(provider: EmbeddedMariadb) -> None:
    key = replace(KEY, schema="life")
    users = build(("CREATE TABLE customers (id INT PRIMARY KEY, name TEXT)", "CREATE USER reporter"), ())
    with provider.open(
        key, replace(users, seed=lambda location: run(location, ("INSERT INTO customers VALUES (1, 'Ann')",)))
    ) as source:
        assert source.origin is TemplateOrigin.BUILT
        first, second = source.create(), source.create()
        run(first.location, ("DELETE FROM customers",))
        assert (names(first.location), names(second.location)) == ([], ["Ann"])
        assert second.reset().method is ResetMethod.NOTHING
        assert first.reset().method is ResetMethod.DELTA
        assert content(first.location) == content(second.location)
        location = second.location
        second.drop()
        with pytest.raises(Exception, match="Can't connect"):
            connect(location)
        second.drop()
        assert not provider.remove_template(key)
    with pytest.raises(Exception, match="Can't connect"):
        connect(first.location)

    def more(location: Location) -> None:
        run(location, ("INSERT INTO customers VALUES (2, 'Bo')",))

    with provider.open(replace(key, rows="more"), TemplateBuild(refuse, more)) as source:
        assert source.origin is TemplateOrigin.DERIVED
        database = source.create()
        run(database.location, ("DELETE FROM customers",))
        assert database.reset().method is ResetMethod.DELTA
        assert names(database.location) == ["Ann", "Bo"]
    assert {stored.key.rows for stored in provider.list_templates() if stored.key.schema == "life"} == {
        "rows",
        "more",
    }
    assert provider.remove_template(key)


def test_a_failed_build_leaves_nothing(provider: EmbeddedMariadb) -> None:
    def fail(location: Location) -> None:
        run(location, ("CREATE TABLE half (x INT)",))
        raise ValueError("the migration failed")

    key = replace(KEY, schema="failed")
    with (
        pytest.raises(ValueError, match="the migration failed"),
        provider.open(key, TemplateBuild(fail, refuse)),
    ):
        pass
    assert not provider.remove_template(key)


def test_rows_that_a_template_cannot_keep_are_told(provider: EmbeddedMariadb) -> None:
    made = build(("CREATE TABLE volatile (x INT) ENGINE=MEMORY", "INSERT INTO volatile VALUES (1)"), ())
    with (
        pytest.raises(DatabaseError, match="MEMORY have rows, which a server loses when it stops: volatile"),
        provider.open(replace(KEY, schema="memory"), made),
    ):
        pass


@long_only
def test_a_killed_run_leaves_nothing_to_the_next(provider: EmbeddedMariadb, tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from tdmvc.environments.base import EmbeddedServer, TemplateBuild, TemplateKey
        from tdmvc.environments.mariadb import EmbeddedMariadb

        provider = EmbeddedMariadb(EmbeddedServer("mysql"), folder=Path(sys.argv[1]))
        with provider.open(TemplateKey("killed", "rows", ""), TemplateBuild(lambda _: None, lambda _: None)) as source:
            print(source.create().location.port, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL
    left = ServerLocation("mysql", "127.0.0.1", int(done.stdout), "app", "", "app")
    with EmbeddedMariadb(EmbeddedServer("mysql"), folder=tmp_path).open(
        replace(KEY, schema="killed"), TemplateBuild(refuse, refuse)
    ) as source:
        source.create()
        with pytest.raises(Exception, match="Can't connect"):
            connect(left)


def test_a_template_that_was_removed_while_it_is_used_is_told(tmp_path: Path) -> None:
    provider = EmbeddedMariadb(EmbeddedServer("mysql"), folder=tmp_path)
    made = build(("CREATE TABLE customers (id INT PRIMARY KEY, name TEXT)",), ())
    with provider.open(KEY, made) as source:
        database = source.create()
        subprocess.run(["rm", "-r", *map(str, tmp_path.glob("mariadb-*/"))], check=True)
        # The first reset may find a spare copy that was made before.
        with pytest.raises(DatabaseError, match="not there any more") as caught:
            begin_anew_twice(database)
        assert "run the same command again" in str(caught.value)
        database.drop()


def test_a_template_that_somebody_wrote_to_is_not_used(tmp_path: Path) -> None:
    provider = EmbeddedMariadb(EmbeddedServer("mysql"), folder=tmp_path)
    made = build(("CREATE TABLE customers (id INT PRIMARY KEY, name TEXT)",), ())
    with provider.open(KEY, made) as source:
        (file,) = tmp_path.glob("mariadb-*/content/data/app/customers.ibd")
        whole = file.read_bytes()
        file.write_bytes(bytes(len(whole)))
        with pytest.raises(DatabaseError, match="not as it was made"):
            source.create()
    with provider.open(KEY, made) as source:
        assert source.origin is TemplateOrigin.BUILT


def begin_anew_twice(database: EphemeralDatabase) -> None:
    for _ in range(2):
        run(database.location, ("DROP TABLE customers",))
        assert database.reset().method is ResetMethod.SWAP


def test_another_major_version_is_told() -> None:
    with pytest.raises(DatabaseError, match="MariaDB 99; found"):
        provider_for(EmbeddedServer("mysql", 99))


def test_no_password_is_shown(provider: EmbeddedMariadb) -> None:
    with provider.open(KEY, build()) as source:
        location = source.create().location
        assert isinstance(location, ServerLocation)
        assert location.password
        commands = subprocess.run(["ps", "axeww"], capture_output=True, text=True, check=True).stdout
        assert location.password not in commands
        assert location.password not in repr(location) + str(location)
        assert str(os.getpid()) in commands
