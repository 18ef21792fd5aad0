"""What goes wrong with an embedded PostgreSQL is a clear error, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tdmvc.environments.base import EmbeddedServer, TemplateKey
from tdmvc.environments.postgres import EmbeddedPostgres
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import TemplateOrigin
from tdmvc.servers import find_postgres
from tests.environments.postgres.observed import connect, observe
from tests.environments.postgres.shop import Shop
from tests.series import long_only

KEY = TemplateKey("faults", "rows", "golden@1.0.0")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

OPEN = """
import sys, time
from pathlib import Path
from tdmvc.environments.base import EmbeddedServer, TemplateBuild, TemplateKey
from tdmvc.environments.postgres import EmbeddedPostgres
from tdmvc.errors import DatabaseError

def migrate(location):
    print("building", flush=True)
    time.sleep(float(sys.argv[2]))

key = TemplateKey("faults", "rows", "golden@1.0.0")
try:
    provider = EmbeddedPostgres(EmbeddedServer("postgresql"), folder=Path(sys.argv[1]))
    with provider.open(key, TemplateBuild(migrate, lambda location: None)) as source:
        print(source.create().location.database)
except DatabaseError as error:
    print(error)
    sys.exit(7)
"""


@pytest.fixture
def provider(tmp_path: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(EmbeddedServer("postgresql"), folder=tmp_path)


@contextmanager
def small_disk(size: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tdmvc-disk-", dir="/tmp"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("this container mounts nothing")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Leave no room in a folder."""
    path = folder / "fill"
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 65536)
        except OSError:
            pass
    yield
    path.unlink()


def test_a_run_that_is_killed_while_it_builds_the_template_leaves_nothing(
    tmp_path: Path, provider: EmbeddedPostgres
) -> None:
    command = [sys.executable, "-c", OPEN, str(tmp_path), "600"]
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "building\n"
        process.kill()
    assert list(provider.list_templates()) == []
    shop = Shop()
    with provider.open(KEY, shop.build) as source:
        assert (source.origin, shop.migrated) == (TemplateOrigin.BUILT, 1)
        assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@long_only
def test_a_template_of_which_files_are_missing_is_made_anew(
    tmp_path: Path, provider: EmbeddedPostgres
) -> None:
    with provider.open(KEY, Shop().build):
        pass
    (control,) = tmp_path.glob("*/content/data/global/pg_control")
    control.unlink()
    with provider.open(KEY, Shop().build) as source:
        assert source.origin is TemplateOrigin.BUILT
        assert observe(source.create().location, with_schema=False).rows["public.orders"]


@long_only
def test_runs_at_once_build_one_template(provider: EmbeddedPostgres) -> None:
    shop, origins = Shop(), []

    def run() -> None:
        with provider.open(KEY, shop.build) as source:
            origins.append(source.origin)
            source.create()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(origins) == [TemplateOrigin.BUILT, TemplateOrigin.REUSED, TemplateOrigin.REUSED]
    assert shop.migrated == 1


def test_a_session_that_crashes_or_a_server_that_is_killed(provider: EmbeddedPostgres) -> None:
    with provider.open(KEY, Shop().build) as source:
        database = source.create()
        seeded = observe(database.location)
        with closing(connect(database.location)) as connection:
            connection.execute("DELETE FROM orders")
            os.kill(connection.info.backend_pid, signal.SIGKILL)
        # The server ends all sessions, and recovers.
        fault = ""
        try:
            database.reset()
        except DatabaseError as error:
            fault = error.what
        # The crash may take what was committed a moment before, also in the template.
        assert "seeded rows are no longer known" in fault if fault else observe(database.location) == seeded
        with connect(database.location) as connection:
            (folder,) = connection.execute("SHOW data_directory").fetchall()[0]
            connection.execute("DELETE FROM orders")
        pid = int((Path(folder) / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(DatabaseError, match="server of this environment has ended"):
            database.reset()


@needs_root
@long_only
def test_a_full_disk_is_an_error_and_room_helps(
    tmp_path: Path, provider: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk("220m") as disk:
        monkeypatch.setenv("TMPDIR", str(disk))
        monkeypatch.setattr(tempfile, "tempdir", None)
        with provider.open(KEY, Shop().build) as source:
            database = source.create()
            with connect(database.location) as connection:
                connection.execute("CREATE TABLE more ()")
            with filled(disk), pytest.raises(DatabaseError, match="No space left"):
                database.reset()
        with (
            filled(disk),
            pytest.raises(DatabaseError, match="No space left"),
            provider.open(KEY, Shop().build),
        ):
            pass
        with provider.open(KEY, Shop().build) as source:
            assert observe(source.create().location).rows
        assert [path.name for path in disk.glob("*/run-*")] == []


@needs_root
@long_only
def test_a_full_cache_is_an_error_and_room_helps(tmp_path: Path) -> None:
    with small_disk("60m") as disk:
        provider = EmbeddedPostgres(EmbeddedServer("postgresql"), folder=disk)
        opened = provider.open(KEY, Shop().build)
        with filled(disk), pytest.raises(DatabaseError, match="No space left") as raised, opened:
            pass
        assert "XDG_CACHE_HOME" in raised.value.remedy
        assert list(provider.list_templates()) == []
        with provider.open(KEY, Shop().build) as source:
            assert source.origin is TemplateOrigin.BUILT


@needs_root
def test_shared_memory_that_is_used_up_is_named(tmp_path: Path) -> None:
    none_left = 'echo 0 > /proc/sys/kernel/shmmni && exec "$@"'
    command = [
        "unshare",
        "--ipc",
        "sh",
        "-c",
        none_left,
        "sh",
        sys.executable,
        "-c",
        OPEN,
        str(tmp_path),
        "0",
    ]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": os.getcwd()}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 7, done.stderr
    assert "could not create shared memory segment" in done.stdout
    assert "kernel.shmmni" in done.stdout


def test_there_is_a_clear_error_without_the_programs() -> None:
    assert find_postgres().major >= 13
    with pytest.raises(DatabaseError, match="Cannot find the programs of PostgreSQL 99"):
        EmbeddedPostgres(EmbeddedServer("postgresql", 99))
