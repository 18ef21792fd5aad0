"""Contracts through the real command line: shown, inferred, compared, taken over and written in other formats."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.builders import Tdmvc, commit_all, copy_repo, run_quietly
from tests.schemas import assert_valid, assert_valid_contract

CONTRACT = Path("datasets/golden/contract.yaml")


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of two tables whose contract says little, published."""
    app = copy_repo(template, tmp_path_factory.mktemp("contracts") / "app")
    source = app.parent / "source"
    source.mkdir()
    customers = [f"{n},person{n}@example.test,{'DE' if n % 2 else 'NL'}" for n in range(1, 61)]
    orders = [f"{n},{1 + n % 60},{1 + n % 5},{['new', 'paid'][n % 2]}" for n in range(1, 201)]
    (source / "customers.csv").write_text("\n".join(["id,email,country", *customers, ""]))
    (source / "orders.csv").write_text("\n".join(["id,customer_id,quantity,status", *orders, ""]))
    run_quietly(app, "add", "golden", source, "--key", "customers=id", "--key", "orders=id")
    commit_all(app, "Golden data")
    run_quietly(app, "publish", "golden", "1.0.0")
    commit_all(app, "Publish")
    return app


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Path:
    return copy_repo(made, tmp_path / "app")


def test_inferred_rules_are_written_on_request_and_hold(tdmvc: Tdmvc, repo: Path) -> None:
    before = (repo / CONTRACT).read_text()
    proposed = tdmvc("contract", "infer", "golden").out
    assert "customer_id is in customers.id" in proposed
    assert "person1" not in proposed
    assert "nothing is written yet" in proposed
    assert (repo / CONTRACT).read_text() == before
    assert "orders.quantity.range  " in proposed
    written = tdmvc("contract", "infer", "golden", "--apply", "--rule", "orders.quantity.range").out
    assert written.startswith("Written: 1 rule into ")
    assert "customer_id" not in written
    shown = tdmvc("contract", "show", "golden", "--table", "orders").out
    assert "quantity is within 1..5" in shown
    assert "customers.id" not in shown
    found = tdmvc("contract", "infer", "golden", "--apply", "--format", "json").json
    assert_valid(found, "contract-infer")
    assert found["is_applied"]
    assert found["unwritten"] == []
    assert_valid_contract((repo / CONTRACT).read_text())
    tdmvc("validate", "golden")
    assert "Nothing to propose" in tdmvc("contract", "infer", "golden").out
    diff = tdmvc("contract", "diff", "golden@1.0.0", "golden", "--exit-code", "--format", "json", code=1).json
    assert_valid(diff, "contract-diff")
    assert diff["breaks"] == ["producers"]
    assert diff["bump"]["level"] == "patch"
    back = tdmvc("contract", "diff", "golden", "golden@1.0.0", "--format", "json").json
    assert (back["breaks"], back["bump"]["level"]) == ([], "minor")
    tdmvc("contract", "diff", "golden@1.0.0", "golden@1.0.0", "--exit-code")


def test_few_rows_and_wrong_words_are_refused_with_advice(tdmvc: Tdmvc, repo: Path) -> None:
    assert "--apply" in tdmvc("contract", "infer", "golden", "--rule", "x", code=2).err
    assert "no proposed rule" in tdmvc("contract", "infer", "golden", "--apply", "--rule", "x", code=3).err
    assert "never edited" in tdmvc("contract", "infer", "golden@1.0.0", "--apply", code=2).err
    assert "no table" in tdmvc("contract", "infer", "golden", "--table", "x", code=3).err
    many = tdmvc("contract", "infer", "golden", "--min-rows", "1000").out
    assert "too few to tell a rule from chance" in many
    assert re.search(r"tdmvc contract infer golden --min-rows \d+ ", many)
    assert "did you mean `tdmvc contract show`?" in tdmvc("contract", "shwo", code=2).err
    assert "no such file" in tdmvc("contract", "show", "nowhere.yaml", code=3).err
    (repo / "odd.yaml").write_text("orders: {}\n")
    assert "`tdmvc contract show odd.yaml --from FORMAT`" in tdmvc("contract", "show", "odd.yaml", code=2).err
    (repo / "t.avsc").write_text('{"type": "record", "name": "t", "fields": [{"name": "a", "type": "int"}]}')
    into = ("--dataset", "golden", "--dry-run")
    assert (
        "--dialect is for" in tdmvc("contract", "import", "t.avsc", *into, "--dialect", "mysql", code=2).err
    )
    (repo / "t.sql").write_text("CREATE TABLE t (id int);")
    assert "leave out --as" in tdmvc("contract", "import", "t.sql", *into, "--as", "x", code=2).err
    assert "Nothing new" in tdmvc("contract", "import", "golden@1.0.0", *into).out


FILE = """\
apiVersion: v3.1.0
kind: DataContract
id: theirs
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer}
      - {name: quantity, logicalType: integer, logicalTypeOptions: {minimum: 1, maximum: 100}}
      - {name: status, logicalType: string, required: true, description: How far it is}
    quality:
      - {id: few_new, metric: rowCount, mustBeGreaterThan: 10}
  - name: audit
    properties: [{name: id, logicalType: integer}]
"""


def test_a_file_is_taken_over_once_and_what_people_wrote_stays(tdmvc: Tdmvc, repo: Path) -> None:
    theirs = repo / "theirs.odcs.yaml"
    theirs.write_text(FILE)
    mine = (repo / CONTRACT).read_text().replace("- name: quantity\n", "- name: quantity  # pieces\n")
    (repo / CONTRACT).write_text(mine)
    would = tdmvc("contract", "import", theirs, "--dataset", "golden", "--dry-run").out
    assert would.startswith("Would import: 4 changes, 1 left-out table")
    assert (repo / CONTRACT).read_text() == mine
    done = tdmvc("contract", "import", theirs, "--dataset", "golden", "--format", "json").json
    assert_valid(done, "contract-import")
    assert {change["message"].split(":")[0] for change in done["changes"]} == {
        "rule orders.status.required added",
        "rule orders.quantity.range added",
        "rule orders.few_new added",
        "description of orders.status changed",
    }
    text = (repo / CONTRACT).read_text()
    assert "- name: quantity  # pieces\n" in text
    assert_valid_contract(text)
    assert "Nothing new" in tdmvc("contract", "import", theirs, "--dataset", "golden").out
    assert (repo / CONTRACT).read_text() == text
    tdmvc("contract", "import", theirs, "--dataset", "golden", "--tables", "audit")
    assert "audit" in tdmvc("contract", "show", "golden").out


def test_a_database_and_a_script_are_taken_over(tdmvc: Tdmvc, repo: Path) -> None:
    script = (
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, country TEXT);"
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),"
        " quantity INTEGER CHECK (quantity > 0), status TEXT);"
    )
    database = repo.parent / "shop.sqlite"
    with closing(sqlite3.connect(database)) as con:
        con.executescript(script)
    taken = " ".join(tdmvc("contract", "import", database, "--dataset", "golden").out.split())
    assert "orders.customer_id is in customers.id" in taken
    assert "orders.quantity is above 0" in taken
    assert "Nothing new" in tdmvc("contract", "import", database, "--dataset", "golden").out
    (repo / "schema.sql").write_text(script)
    assert tdmvc("contract", "import", repo / "schema.sql", "--dataset", "golden").out.startswith(
        "Nothing new"
    )
    tdmvc("validate", "golden")


def test_a_written_contract_is_read_back_as_it_was(tdmvc: Tdmvc, repo: Path) -> None:
    tdmvc("contract", "infer", "golden", "--apply")
    target = repo.parent / "out.odcs.yaml"
    printed = tdmvc("contract", "export", "golden", "--to", "odcs")
    assert printed.err == ""
    tdmvc("contract", "export", "golden", "--to", "odcs", "--output", target)
    assert target.read_text() == printed.out
    assert_valid_contract(printed.out)
    tdmvc("contract", "diff", "golden", target, "--exit-code")
    tdmvc("contract", "import", target, "--dataset", "copy")
    tdmvc("contract", "diff", target, repo / "datasets/copy/contract.yaml", "--exit-code")
    assert (
        "--dialect is for SQL"
        in tdmvc("contract", "export", "golden", "--to", "odcs", "--dialect", "x", code=2).err
    )


def test_what_a_format_cannot_say_is_noted(tdmvc: Tdmvc, repo: Path) -> None:
    tdmvc("contract", "infer", "golden", "--apply")
    target = repo.parent / "shop.schema.json"
    notes = tdmvc("contract", "export", "golden", "--to", "json-schema", "--output", target).err
    assert "orders.customer_id.references" in notes
    changes = tdmvc("contract", "diff", "golden", target, "--format", "json").json["changes"]
    lost = [
        one["old"]["id"] for one in changes if one["kind"] in ("rule-removed", "rule-weaker", "rule-changed")
    ]
    assert lost
    assert [id_ for id_ in lost if id_ not in notes] == []
