"""Why a test failed: planted causes get the right verdicts, and no fault of code is blamed on data."""

import json
import shutil
from pathlib import Path

import pytest

from tests.builders import commit_all, git, run_quietly
from tests.pytest_plugin.conftest import RunPytest, run_in
from tests.schemas import assert_valid
from tests.series import IS_LONG

PLANTED = Path(__file__).parent / "planted"
ENVIRONMENTS = """environments:
  local:
    database: embedded
    datasets: [golden@{version}]
"""
GOOD = {
    "customers": "id,name,email\n1,Ana,ana@example.test\n2,Bo,bo@example.test\n3,Cy,cy@example.test\n",
    "orders": "id,customer_id,status,total\n1,1,paid,10.5\n2,2,open,20.5\n3,2,sent,30\n",
    "flags": "name,is_default\nred,1\nblue,0\n",
    "rates": "code,value\nEUR,1.0\nUSD,1.1\n",
}
BAD = {
    "customers": GOOD["customers"].replace("ana@example.test", ""),
    "orders": GOOD["orders"].replace("10.5", "-10.5").replace("open", "opened"),
    "flags": GOOD["flags"].replace("blue,0", "blue,1"),
    "rates": GOOD["rates"].replace("EUR,1.0\n", ""),
}
KEYS = ("customers=id", "orders=id", "flags=name", "rates=code")
KINDS = {
    "test_bad_data": "bad-data",
    "test_missing_row": "bad-data",
    "test_suspected_data": "suspected-data",
    "test_schema_drift": "schema-drift",
    "test_code": "code",
    "test_order_dependent": "order-dependent",
    "test_flaky": "flaky",
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose tests pass with version 1.0.0 of its data, and whose next version is 2.0.0."""
    folder = tmp_path_factory.mktemp("planted")
    app = folder / "app"
    app.mkdir()
    git(app, "init", "-q", "-b", "main")
    run_quietly(app, "init")
    for version, tables in (("1.0.0", GOOD), ("2.0.0", BAD)):
        for name, text in tables.items():
            (folder / f"{name}.csv").write_text(text)
        keys = [word for key in KEYS for word in ("--key", key)]
        run_quietly(app, "add", "golden", *(folder / f"{name}.csv" for name in tables), *keys)
        commit_all(app, version)
        run_quietly(app, "publish", "golden", version)
        commit_all(app, f"publish {version}")
    config = (app / "tdmvc.yaml").read_text()
    (app / "tdmvc.yaml").write_text(config + ENVIRONMENTS.format(version="1.0.0"))
    (app / "tests").mkdir()
    shutil.copy(PLANTED / "shop_orders.py", app / "tests")
    shutil.copy(PLANTED / "causes.py", app / "tests" / "test_causes.py")
    return app


SOME = (
    "bad_data_in_psycopg or missing_row_in_django or suspected or drift_in_sqlalchemy or code_in_sqlalchemy"
    " or 1_pollutes or order_dependent_in_psycopg"
)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_planted_causes_are_found(planted: Path, tmp_path: Path, fast_python: Path) -> None:
    chosen = () if IS_LONG else ("-k", SOME)
    causes = 20 if IS_LONG else 6
    turns = tmp_path / "turns"
    turns.mkdir()
    variables = {"SHOP_TURNS": str(turns)}
    options = ("--tdmvc-env=local", *chosen)
    before = run_in(fast_python, planted, tmp_path / "before.xml", *options, environment=variables)
    assert before.code == 0, before.out
    config = (planted / "tdmvc.yaml").read_text()
    (planted / "tdmvc.yaml").write_text(config.replace("golden@1.0.0", "golden@2.0.0"))
    done = run_in(
        fast_python,
        planted,
        tmp_path / "after.xml",
        *("-o", "tdmvc_attribution_seconds=300", *options),
        environment=variables | {"SHOP_CHANGED": "yes"},
    )
    found = done.verdicts
    expected = {test: next(kind for name, kind in KINDS.items() if test.startswith(name)) for test in found}
    right = {test for test, kind in found.items() if kind == expected[test]}
    assert len(found) == causes, found
    assert len(right) >= 0.9 * causes, found
    blamed = {test for test, kind in found.items() if expected[test] == "code" and kind != "code"}
    assert not blamed, found
    for line in SHOWN + (SHOWN_OF_ALL if IS_LONG else ()):
        assert line in done.out
    assert "example.test" not in done.out.partition("why tests failed")[2].partition("short test summary")[0]
    assert done.count("failed") == causes, "what is run again does not count"
    records = [
        json.loads(line)
        for path in sorted((planted / ".tdmvc" / "health").glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    assert len(records) == 2 * len(done.results)
    for line in records:
        assert_valid(line, "test")
    (record,) = (one for one in records if one["test"].endswith("bad_data_in_psycopg") and one["verdict"])
    assert record["outcome"] == "failed"
    assert (record["datasets"], record["read"], record["written"]) == (["golden@2.0.0"], ["orders"], [])
    assert record["verdict"]["changes"][0]["key"] == "id 1"
    assert "?? .tdmvc" not in git(planted, "status", "--short")


SHOWN = (
    "golden/orders: id 1 changed: total",
    "golden/rates: code EUR removed",
    "SQLSTATE 42P01, no such table",
    "fails after tests/test_causes.py::test_1_pollutes_flags, which writes to flags, which it uses",
    "`tdmvc diff golden@1.0.0 golden@2.0.0`",
)
SHOWN_OF_ALL = (
    "fails after tests/test_causes.py::test_3_pollutes_customers, which leaves something behind outside",
)


IN_SQLITE = """
import os, sqlite3

def query(statement):
    return sqlite3.connect(os.environ["SHOP_FILE"]).execute(statement).fetchone()

def test_missing():
    assert query("SELECT status FROM orders WHERE id = 99")[0] == "open"

def test_table():
    query("SELECT 1 FROM refunds")

def test_changed():
    assert query("SELECT status FROM orders WHERE id = 1") == ("paid",)

def test_code():
    assert query("SELECT count(*) FROM orders") == (4,)
"""


def test_causes_are_found_in_sqlite_without_any_record(run_pytest: RunPytest) -> None:
    done = run_pytest({"test_shop.py": IN_SQLITE}, "--tdmvc-env=sqlite")
    assert done.verdicts == {
        "test_missing": "suspected-data",
        "test_table": "schema-drift",
        "test_changed": "bad-data",
        "test_code": "code",
    }, done.out
    assert "TypeError on None, after a query that returned no row" in done.out
    assert "Its tables: orders." in done.out
    assert "It passes with golden@1.0.0, and fails with golden@2.0.0." in done.out


def test_nothing_is_run_again_where_nobody_wants_it(run_pytest: RunPytest) -> None:
    done = run_pytest({"test_shop.py": IN_SQLITE}, "--tdmvc-env=sqlite", "-x")
    assert (done.count("failed"), done.verdicts) == (1, {})
    assert "why tests failed" not in done.out


def test_a_time_that_is_no_number_is_said(run_pytest: RunPytest) -> None:
    files = {"test_shop.py": "def test_fails():\n    assert False\n"}
    done = run_pytest(files, "--tdmvc-env=sqlite", "-o", "tdmvc_attribution_seconds=soon")
    assert (done.code, done.verdicts) == (1, {}), done.out
    assert "tdmvc_attribution_seconds is 'soon', which is no number of seconds." in done.out
