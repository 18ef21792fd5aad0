"""What a test gets from the plugin: the rows of a dataset, clean before each test, and variables before imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tdmvc.errors import DatabaseError
from tdmvc.pytest_plugin.connections import connect
from tests.pytest_plugin.conftest import PLUGINS, Outcome, RunPytest, run_in

CONFTEST = "import os\nURL = os.environ['DATABASE_URL']\nNAME = os.environ['SHOP_DATABASE']\n"
ROWS = """
import pytest, psycopg

def count(connection, table="orders"):
    return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

@pytest.mark.parametrize("turn", range(4))
def test_rows(tdmvc_database, turn):
    with tdmvc_database.connect() as connection:
        assert count(connection) == 3
        connection.execute("DELETE FROM orders WHERE id > %s", [turn])
    with psycopg.connect(tdmvc_database.url) as other:
        assert count(other) == min(turn, 3)
    left_open = tdmvc_database.connect()
    left_open.execute("SELECT 1")
    if turn == 1:
        left_open.execute("CREATE ROLE guest")
        left_open.commit()

def test_the_url(tdmvc_url, tdmvc_database):
    assert tdmvc_url == tdmvc_database.url
    assert tdmvc_database.dataset == "golden@2.0.0"
    assert tdmvc_database.table("orders")["status"].to_pylist() == ["refunded", "open", "open"]

def test_the_workspace(tdmvc_workspace):
    assert tdmvc_workspace.table("golden@1.0.0", "orders").num_rows == 3

def test_a_reset_in_the_middle(tdmvc_database):
    with tdmvc_database.connect() as connection:
        connection.execute("TRUNCATE orders")
    assert tdmvc_database.reset().method.value != "nothing"
    with tdmvc_database.connect() as connection:
        assert count(connection) == 3
"""
SETTINGS = """
import os
URL = os.environ["DATABASE_URL"]

def test_the_application_sees_the_database_of_the_tests(tdmvc_database):
    assert tdmvc_database.url == URL
    assert tdmvc_database.exports["DATABASE_URL"] == URL
"""
MARKER = """
import pytest

@pytest.mark.tdmvc("golden@1.0.0")
def test_older_rows(tdmvc_database):
    assert tdmvc_database.dataset == "golden@1.0.0"
    with tdmvc_database.connect() as connection:
        assert connection.execute("SELECT status FROM orders WHERE id = 1").fetchone() == ("paid",)

def test_newer_rows(tdmvc_database):
    with tdmvc_database.connect() as connection:
        assert connection.execute("SELECT status FROM orders WHERE id = 1").fetchone() == ("refunded",)
        connection.execute("DELETE FROM orders")

@pytest.mark.tdmvc(reset="never")
def test_rows_of_the_test_before(tdmvc_database):
    with tdmvc_database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)

@pytest.mark.tdmvc(reset="module")
def test_rows_of_the_module(tdmvc_database):
    with tdmvc_database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)

def test_rows_again(tdmvc_database):
    with tdmvc_database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (3,)
"""
OTHER_MODULE = """
import pytest
pytestmark = pytest.mark.tdmvc(reset="module")

def test_another_module_begins_clean(tdmvc_database):
    with tdmvc_database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (3,)
"""


WRONG = {
    "an unknown word in a marker": (
        "import pytest\n@pytest.mark.tdmvc(resett='test')\ndef test_it(tdmvc_database): pass\n",
        "does not know resett",
    ),
    "an unknown time of reset": (
        "import pytest\n@pytest.mark.tdmvc(reset='always')\ndef test_it(tdmvc_database): pass\n",
        "write one of test, module, never",
    ),
    "an unknown version": (
        "import pytest\n@pytest.mark.tdmvc('golden@9.9.9')\ndef test_it(tdmvc_database): pass\n",
        "9.9.9",
    ),
}


@pytest.fixture(scope="module")
def whole_run(run_pytest: RunPytest) -> Outcome:
    """One run of all tests that an environment can have together: those that pass, and those that are wrong."""
    files = {
        "conftest.py": CONFTEST,
        "test_marker.py": MARKER,
        "test_settings.py": SETTINGS,
        "test_shop.py": ROWS,
        "test_z_other_module.py": OTHER_MODULE,
        **{
            f"test_wrong_{number}.py": text.replace("test_it", f"test_wrong_{number}")
            for number, (text, _) in enumerate(WRONG.values())
        },
    }
    return run_pytest(files, "--tdmvc-env=local", "--tdmvc-no-attribution")


def assert_passed(run: Outcome, *names: str) -> None:
    """Check that a run had these tests, and that they passed."""
    assert {name: run.results.get(name) for name in names} == dict.fromkeys(names, "passed"), run.out


def test_each_test_starts_with_the_rows_of_the_environment(whole_run: Outcome) -> None:
    assert_passed(whole_run, *(f"test_rows[{turn}]" for turn in range(4)))
    assert_passed(whole_run, "test_the_url", "test_the_workspace", "test_a_reset_in_the_middle")


def test_what_a_test_changes_outside_its_database_is_a_warning(whole_run: Outcome) -> None:
    said = "no reset restores this, so that later tests find it: the role guest was added."
    assert whole_run.out.count(said) == 1, whole_run.out
    before, _, _ = whole_run.out.partition(said)
    assert before.rindex("test_rows[1]") > before.rindex("warnings summary")


def test_variables_are_set_before_conftest_and_tests_are_imported(whole_run: Outcome) -> None:
    assert_passed(whole_run, "test_the_application_sees_the_database_of_the_tests")


def test_a_marker_chooses_other_states_and_when_they_are_reset(whole_run: Outcome) -> None:
    assert_passed(whole_run, "test_older_rows", "test_newer_rows", "test_rows_of_the_test_before")
    assert_passed(whole_run, "test_rows_of_the_module", "test_rows_again", "test_another_module_begins_clean")


ORDER = """
def test_a(tdmvc_database):
    with tdmvc_database.connect() as connection:
        connection.execute("DELETE FROM orders WHERE id = 3")

def test_b(tdmvc_database):
    with tdmvc_database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (3,)
"""


def test_without_resets_the_next_test_sees_what_the_last_one_wrote(run_pytest: RunPytest) -> None:
    done = run_pytest({"test_order.py": ORDER}, "--tdmvc-reset=never", "--tdmvc-no-attribution")
    assert done.results == {"test_a": "passed", "test_b": "failed"}, done.out


def test_what_is_wrong_is_said_without_a_traceback(whole_run: Outcome) -> None:
    assert whole_run.code == 1
    failed = {name for name, result in whole_run.results.items() if result != "passed"}
    assert failed == {f"test_wrong_{number}" for number in range(len(WRONG))}
    for _, words in WRONG.values():
        assert words in whole_run.out
    assert "Traceback" not in whole_run.out
    # A warning names the line that gives it.
    assert "tdmvc/pytest_plugin" not in whole_run.out.partition("warnings summary")[0]


def test_workers_have_databases_of_their_own(run_pytest: RunPytest, tmp_path: Path) -> None:
    done = run_pytest(
        {
            "test_workers.py": """
import os, pytest

@pytest.mark.parametrize("turn", range(8))
def test_alone(tdmvc_database, turn):
    assert tdmvc_database.url == os.environ["DATABASE_URL"]
    with tdmvc_database.connect() as connection:
        connection.execute("UPDATE orders SET status = %s", [os.environ["PYTEST_XDIST_WORKER"]])
        connection.commit()
        assert connection.execute("SELECT DISTINCT status FROM orders").fetchall() == [
            (os.environ["PYTEST_XDIST_WORKER"],)
        ]
    with open(os.environ["URLS"], "a") as file:
        file.write(tdmvc_database.url + "\\n")
"""
        },
        *("-n", "2", "--tdmvc-env=local"),
        environment={"URLS": str(tmp_path / "urls")},
    )
    assert done.code == 0, done.out
    assert done.count("passed") == 8
    assert len(set((tmp_path / "urls").read_text().split())) == 2


def test_an_unknown_environment_ends_the_run_before_any_test(run_pytest: RunPytest) -> None:
    done = run_pytest({"test_it.py": "def test_it(): pass\n"}, "--tdmvc-env=locl", has_all_plugins=True)
    assert done.code == 4
    assert "locl" in done.out
    assert "local" in done.out
    assert "Traceback" not in done.out


def test_a_process_that_runs_no_tests_imports_them_without_a_database(run_pytest: RunPytest) -> None:
    done = run_pytest(
        {
            "conftest.py": "import os\nassert ':9/nowhere' in os.environ['DATABASE_URL']\n",
            "test_shop.py": "def test_nothing(): ...\n",
        },
        "--tdmvc-env=local",
        "--collect-only",
    )
    assert done.code == 0, done.out
    assert "1 test collected" in done.out


UNPROVIDED = {
    "unmigrated": ("migrate", "orders cannot be made"),
    "unknown": ("goldem", "golden"),
    "elsewhere": ("7.0.0", "2.0.0"),
}


@pytest.mark.parametrize("name", UNPROVIDED)
def test_what_cannot_be_provided_is_said_with_what_to_do(name: str, run_pytest: RunPytest) -> None:
    done = run_pytest({"test_it.py": "def test_it(): pass\n"}, f"--tdmvc-env={name}")
    assert done.code == 4, done.out
    for words in UNPROVIDED[name]:
        assert words in done.out
    assert "Fix:" in done.out or "Next:" in done.out or "Closest" in done.out, done.out
    assert "Traceback" not in done.out


LACKING = {
    "driver": ("import sys; sys.modules['psycopg'] = None", "local", "PostgreSQL needs a driver"),
    "server": (
        "from tdmvc.servers import postgres_binaries as found\n"
        "found._package_folders = found._path_folders = found._system_folders = lambda: []",
        "local",
        "Cannot find the programs of PostgreSQL",
    ),
}


@pytest.mark.parametrize("what", LACKING)
def test_a_missing_driver_or_server_is_named_with_what_installs_it(
    what: str, run_pytest: RunPytest, tmp_path: Path
) -> None:
    hiding, name, said = LACKING[what]
    (tmp_path / "hiding.py").write_text(hiding)
    search = os.pathsep.join([str(tmp_path), *sys.path])
    test = {"test_it.py": "def test_it(): pass\n"}
    done = run_pytest(test, "-p", "hiding", f"--tdmvc-env={name}", environment={"PYTHONPATH": search})
    assert done.code == 4, done.out
    assert said in done.out
    assert "Fix: run `pip install 'tdmvc[postgres]'`" in done.out
    assert "Traceback" not in done.out


def test_a_connection_without_a_driver_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(DatabaseError) as caught:
        connect("mysql://me:secret@127.0.0.1:9/shop")
    assert "pip install 'tdmvc[mysql]'" in caught.value.remedy
    assert "secret" not in str(caught.value)


def test_outside_a_repository_a_fixture_says_so_and_other_tests_pass(
    tmp_path: Path, fast_python: Path
) -> None:
    test = "import sys\ndef test_db(tdmvc_database): pass\ndef test_lazy(): assert 'pyarrow' not in sys.modules\n"
    (tmp_path / "test_it.py").write_text(test)
    done = run_in(sys.executable, tmp_path, tmp_path / "report.xml", "-k", "lazy")
    assert done.results == {"test_lazy": "passed"}, done.out
    done = run_in(fast_python, tmp_path, tmp_path / "report.xml", "-k", "db")
    assert done.results == {"test_db": "error"}, done.out
    assert "Fix: run `git init`" in done.out
    assert "Traceback" not in done.out


def test_tests_of_a_run_use_its_database_and_see_its_variables(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import os\n"
        "def test_url(tdmvc_database):\n"
        "    assert tdmvc_database.exports['DATABASE_URL'] == os.environ['DATABASE_URL'] == tdmvc_database.url\n"
    )
    (tmp_path / "conftest.py").write_text(
        "import sys\ndef pytest_unconfigure():\n    print('heavy' if 'pyarrow' in sys.modules else 'light')\n"
    )
    pytest_command = [sys.executable, "-m", "pytest", "-q", *PLUGINS, f"--rootdir={shop}", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "tdmvc", "-C", str(shop), "run", "--env", "sqlite", "--", *pytest_command],
        # A worker of pytest-xdist would have a database of its own.
        env={
            **{name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_WORKER"},
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    # What the other process has read of the repository is not read again.
    assert "light" in done.stdout.splitlines()
