"""What all tests share: real repositories made from one template, the command line, real data, golden files."""

import gc
import os
import signal
import ssl
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import settings

from tests.builders import Ran, copy_repo, git
from tests.duckdb_pool import shared_engines
from tests.duckdb_sessions import open_session
from tests.memory_files import use_files_in_memory

# Hypothesis looks for new counterexamples at a desk; CI repeats the same ones, so that a red run means a change.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

pytest_plugins = ["tests.servers", "tests.warm_python"]

GOLDEN = Path(__file__).parent / "golden"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

# Nothing of the machine's own configuration may leak into a test.
os.environ.update(
    {
        # Migrate commands such as `alembic` are those of this interpreter, as in an activated environment.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        # After each commit, Git would start two processes that see that there is nothing to clean up.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "maintenance.auto",
        "GIT_CONFIG_VALUE_0": "false",
        "GIT_AUTHOR_NAME": "Ada Tester",
        "GIT_AUTHOR_EMAIL": "ada@example.test",
        "GIT_COMMITTER_NAME": "Ada Tester",
        "GIT_COMMITTER_EMAIL": "ada@example.test",
        "DVC_NO_ANALYTICS": "1",
        "NO_COLOR": "1",
    }
)
for _name in [name for name in os.environ if name.startswith(("PG", "MYSQL_", "MARIADB_"))]:
    del os.environ[_name]
# Tests kill processes but no machine: whatever was written is there, and need not have reached the disk.
os.fsync = lambda _: None
# No test uses the public network, and to read its certificates takes 20 ms for each connection of PyMySQL.
ssl.SSLContext.load_default_certs = lambda *_: None
# A run makes and deletes hundreds of thousands of files, most of them in copies of servers' data folders.
use_files_in_memory()
# A shell starts what runs in the background with Ctrl-C ignored, and so would be the programs that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Nobody should compile again what has not changed: neither the many processes that tests start, nor pytest the tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without looking for garbage: nearly all that is made stays, and costs time at each look."""
    gc.disable()
    found = yield
    gc.freeze()
    gc.enable()
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite tests/golden from what is rendered"
    )


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data; tests that need it are skipped only if it is absent and CI is not set."""
    folder = Path(os.environ.get("TDMVC_SHARED", SHARED))
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"the real data is not at {folder}, and CI must run these tests")
        pytest.skip(f"the real data is not at {folder}; set TDMVC_SHARED to where it is")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _shared_engines() -> Iterator[None]:
    with shared_engines():
        yield


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a rendered text with the one that people looked at and kept."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / f"{name}.txt"
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: look at the output, then run with --update-golden"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Git repository with tdmvc set up and one commit, made once."""
    from tdmvc.actions.init import init

    folder = tmp_path_factory.mktemp("template") / "app"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for sample in (folder / ".git" / "hooks").glob("*.sample"):
        sample.unlink()  # a thousand tests would copy them
    (folder / "VERSION").write_text("1.0.0\n")
    init(folder)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Start")
    return folder


@pytest.fixture
def repo(template: Path, tmp_path: Path) -> Path:
    """A fresh repository of one's own."""
    return copy_repo(template, tmp_path / "app")


@pytest.fixture
def tdmvc(repo: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Ran]]:
    """Run the command line in the repository, in this process: `tdmvc("add", "golden", path)`."""
    from tdmvc.cli.main import run

    def call(*words: object, code: int | None = 0, folder: Path = repo) -> Ran:
        capsys.readouterr()
        actual = run(["-C", str(folder), *(str(word) for word in words)])
        captured = capsys.readouterr()
        assert code is None or actual == code, f"exit {actual}: {captured.out}\n{captured.err}"
        return Ran(actual, captured.out, captured.err)

    return call


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to DuckDB in a time zone that is not UTC, so that a result that depends on it is wrong."""
    with open_session("America/New_York", threads=2) as connection:
        yield connection


@pytest.fixture
def nameless_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a name, as in a container that runs under a number of its own."""

    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
