"""`validate` names each broken rule by its row and line, reads only what changed, and reads databases, too."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tdmvc.actions.publish import PublishOptions, publish
from tdmvc.actions.seed import seed
from tdmvc.actions.validate import ValidationRequest, validate
from tdmvc.api import Repository
from tdmvc.errors import ConfigError, DatabaseError, InvalidRowsError, NotFoundError, UsageError
from tdmvc.model.contract_report import ContractSource
from tdmvc.model.finding import Severity
from tdmvc.model.location import PathLocation, parse_location
from tdmvc.model.rule_words import row_words
from tdmvc.model.seeding import SeedOptions
from tdmvc.model.validation import RuleVerdict, ValidationReport
from tdmvc.workspace.validation import query_limits
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import ORDERS, add_csv
from tests.builders import commit_all

RULES = """
  - name: orders
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true}
      - name: customer_id
        logicalType: integer
        logicalTypeOptions: {maximum: 2}
      - name: status
        logicalType: string
        quality: [{metric: invalidValues, arguments: {validValues: [open, sent, paid]}, mustBe: 0, severity: warning}]
    quality:
      - {id: few, type: sql, query: 'SELECT count(*) FROM {object} WHERE id > 90', mustBe: 0}
"""
HEAD = """\
apiVersion: v3.1.0
kind: DataContract
id: shop
version: 1.0.0
status: active
schema:
  - name: customers
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true}
      - {name: name, logicalType: string}
"""
CONTRACT = HEAD + RULES.strip("\n") + "\n"


def declare(workspace: Workspace, text: str = CONTRACT) -> Path:
    path = workspace.root / "datasets" / "golden" / "contract.yaml"
    path.write_text(text)
    return path


def failing(reports: Sequence[ValidationReport]) -> dict[str, list[str]]:
    """Return the rows of each rule that is not kept, in words."""
    return {
        one.rule.id: [row_words(one.rule, row) for row in one.examples]
        for report in reports
        for one in report.failures
    }


def test_each_broken_rule_is_named_with_its_rows_and_line(workspace: Workspace) -> None:
    declare(workspace)
    add_csv(workspace, "orders", ORDERS + "95,7,lost\n")
    [report] = validate(workspace)
    assert failing([report]) == {
        "orders.customer_id.range": ["orders row id=95: customer_id 7 is not at most 2"],
        "orders.few": ["orders row id=95: breaks the rule: orders.few"],
        "orders.status.invalidValues": ["orders row id=95: status lost is none of open, sent, paid"],
    }
    lines = CONTRACT.split("\n")
    for result in report.failures:
        assert result.rule.place is not None
        assert result.rule.place.path == "datasets/golden/contract.yaml"
        assert result.rule.place.line is not None
    range_line = report.failures[0].rule.place.line  # type: ignore[union-attr]
    assert "maximum" in lines[range_line - 1]  # type: ignore[operator]
    assert report.fails(Severity.ERROR)


def test_a_second_validation_knows_all_parts_and_a_full_one_none(workspace: Workspace) -> None:
    declare(workspace)
    first, again, full = (
        {
            table.table: table
            for table in validate(workspace, ["golden"], ValidationRequest(is_full=whole))[0].tables
        }
        for whole in (False, False, True)
    )
    assert first["orders"].checked_parts == full["orders"].checked_parts == 1
    assert (again["orders"].checked_parts, again["orders"].known_parts) == (0, 1)
    assert [one.verdict for one in again["orders"].results] == [one.verdict for one in full["orders"].results]


def test_edits_that_were_not_added_are_validated_and_a_version_is_validated_as_it_is(
    workspace: Workspace,
) -> None:
    declare(workspace)
    folder = workspace.working_copy("golden") / "orders"
    for path in folder.iterdir():
        path.unlink()
    (folder / "orders.csv").write_text(ORDERS + "95,1,open\n")
    assert list(failing(validate(workspace, ["golden"]))) == ["orders.few"]
    [old] = validate(workspace, ["golden@1.0.0"])
    assert old.failures == ()
    assert old.contract.startswith("datasets/golden/versions/contracts/")


def test_a_table_of_the_contract_without_rows_is_never_valid(workspace: Workspace) -> None:
    declare(workspace, CONTRACT + "  - {name: invoices, properties: [{name: id, logicalType: integer}]}\n")
    [report] = validate(workspace)
    [result] = report.failures
    assert (result.verdict, result.reason) == (RuleVerdict.NOT_EVALUATED, "there is no table invoices")


def test_a_json_schema_speaks_of_all_columns_of_the_rows_in_their_types(
    workspace: Workspace, tmp_path: Path
) -> None:
    columns = {"customer_id": {"maximum": 2}, "status": {}}
    other = tmp_path / "orders.json"

    def validated(**more: object) -> dict[str, list[str]]:
        schema = {"title": "orders", "type": "object", "properties": columns, **more}
        other.write_text(json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}))
        return failing(validate(workspace, ["golden"], ValidationRequest(contract=named(other))))

    assert validated() == {}
    assert validated(additionalProperties=False)["orders.id.false"][0].endswith(
        "id 10 is there, and may not be"
    )
    assert list(validated(maxProperties=2)) == ["orders.maxProperties"]
    assert validated(maxProperties=3) == {}


def named(file: Path) -> ContractSource:
    return ContractSource(str(file), PathLocation(file))


def test_tables_without_a_declaration_are_named(workspace: Workspace) -> None:
    declare(workspace, HEAD)
    assert validate(workspace)[0].undeclared == ("orders",)


def test_a_fault_in_a_rule_is_an_error_with_its_line(workspace: Workspace) -> None:
    declare(workspace, CONTRACT.replace("maximum: 2", "maximun: 2"))
    with pytest.raises(ConfigError, match="maximun") as refused:
        validate(workspace)
    assert refused.value.line == CONTRACT[: CONTRACT.index("maximum")].count("\n") + 1


def test_another_contract_takes_the_place_of_the_own(workspace: Workspace, tmp_path: Path) -> None:
    other = tmp_path / "stricter.yaml"
    other.write_text(CONTRACT.replace("maximum: 2", "maximum: 1"))
    [report] = validate(workspace, ["golden"], ValidationRequest(contract=named(other)))
    assert list(failing([report])) == ["orders.customer_id.range"]
    assert report.contract == other.as_posix()
    with pytest.raises(NotFoundError, match="There is no such file"):
        validate(workspace, ["golden"], ValidationRequest(contract=named(tmp_path / "none.yaml")))
    with pytest.raises(NotFoundError, match="ordres"):
        validate(workspace, ["golden"], ValidationRequest(tables=("ordres",)))


def test_all_failing_rows_are_written_with_the_rules_that_they_break(
    workspace: Workspace, tmp_path: Path
) -> None:
    declare(workspace)
    add_csv(workspace, "orders", ORDERS + "".join(f"{n},7,lost\n" for n in range(50, 80)))
    request = ValidationRequest(examples=2, rows_folder=tmp_path / "failing")
    [report] = validate(workspace, ["golden"], request)
    assert [len(one.examples) for one in report.failures] == [2, 2]
    [path] = report.files
    rows = pq.read_table(path)
    assert rows.num_rows == 30
    assert rows["_rules"][0].as_py() == ["orders.customer_id.range", "orders.status.invalidValues"]


def shop_file(path: Path, *, customer: int) -> Path:
    with sqlite3.connect(path) as database:
        database.executescript(
            "CREATE TABLE Customers (id INTEGER PRIMARY KEY, name TEXT);"
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, status TEXT);"
            "INSERT INTO Customers VALUES (1, 'Ada'), (2, 'Bob');"
        )
        database.executemany(
            "INSERT INTO orders VALUES (?, ?, ?)",
            [(n, 1, "open") for n in range(80)] + [(95, customer, "sent")],
        )
    database.close()
    return path


def test_a_database_is_validated_against_the_contract_of_a_dataset(
    workspace: Workspace, tmp_path: Path
) -> None:
    declare(workspace)
    location = parse_location(str(shop_file(tmp_path / "shop.db", customer=3)), folder=tmp_path, variables={})
    [report] = validate(workspace, database=location)
    assert failing([report]) == {
        "orders.customer_id.range": ["orders row id=95: customer_id 3 is not at most 2"],
        "orders.few": ["orders row id=95: breaks the rule: orders.few"],
    }
    assert {table.table: table.rows for table in report.tables} == {"customers": 2, "orders": 81}
    assert report.subject.endswith("shop.db")
    assert report.at is None
    # Nothing of a database is remembered, whose rows may change at any time.
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("UPDATE orders SET customer_id = 1, id = 85 WHERE id = 95")
    database.close()
    assert failing(validate(workspace, database=location)) == {}


def test_a_database_lacks_a_table_or_a_column(workspace: Workspace, tmp_path: Path) -> None:
    declare(workspace)
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, status TEXT)")
    database.close()
    [report] = validate(workspace, database=parse_location(str(path), folder=tmp_path, variables={}))
    verdicts = {one.rule.id: one.verdict for one in report.failures}
    assert verdicts["customers.pk"] is RuleVerdict.NOT_EVALUATED
    assert verdicts["orders.customer_id.range"] is RuleVerdict.NOT_EVALUATED
    assert verdicts["orders.customer_id.type"] is RuleVerdict.FAILED


def test_a_database_needs_one_contract(workspace: Workspace, tmp_path: Path) -> None:
    location = parse_location(str(shop_file(tmp_path / "shop.db", customer=1)), folder=tmp_path, variables={})
    with pytest.raises(UsageError, match="against one contract"):
        validate(workspace, ["golden", "golden@1.0.0"], database=location)


def test_the_memory_of_queries_is_that_of_the_environment(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = query_limits(workspace, None)
    assert usual.seconds == 60
    monkeypatch.setenv("TDMVC_MEMORY", "300MB")
    limited = query_limits(workspace, 5)
    assert limited.seconds == 5
    assert 290_000_000 < limited.memory_bytes < 310_000_000


def test_a_query_that_takes_too_long_is_an_error_and_not_a_pass(workspace: Workspace) -> None:
    slow = "SELECT count(*) FROM range(100000000000) a WHERE a.range < 0"
    declare(workspace, CONTRACT.replace("SELECT count(*) FROM {object} WHERE id > 90", slow))
    [report] = validate(workspace, ["golden"], ValidationRequest(seconds=1))
    [result] = report.failures
    assert result.reason == "it took longer than 1 seconds"
    assert result.severity is Severity.ERROR


# When rows are added, and before they are loaded.


def test_adding_reports_the_rules_that_are_broken_now_and_stores_the_rows(workspace: Workspace) -> None:
    declare(workspace)
    report = add_csv(workspace, "orders", ORDERS + "50,7,lost\n")
    found = [(one.rule, one.severity, one.details["id"], one.table) for one in report.findings]
    assert found == [
        ("broken-rule", Severity.ERROR, "orders.customer_id.range", "orders"),
        ("broken-rule", Severity.WARNING, "orders.status.invalidValues", "orders"),
    ]
    assert report.findings[0].message == (
        "1 row of orders (id: 50) breaks the rule orders.customer_id.range (datasets/golden/contract.yaml:16):"
        " orders.customer_id is at most 2."
    )
    assert add_csv(workspace, "orders", ORDERS).findings == ()


def bad_rows(workspace: Workspace) -> None:
    declare(workspace)
    add_csv(workspace, "orders", ORDERS + "50,7,open\n")


def test_rows_that_break_a_rule_are_not_seeded_unless_asked_for(workspace: Workspace, tmp_path: Path) -> None:
    bad_rows(workspace)
    target = parse_location(str(tmp_path / "new.sqlite"), folder=tmp_path, variables={})
    options = SeedOptions(validates=True)
    with pytest.raises(InvalidRowsError, match="do not keep 1 rule") as refused:
        seed(workspace, ["golden"], target, options)
    assert refused.value.exit_code == 1
    assert (
        "orders row id=50: customer_id 7 is not at most 2 (datasets/golden/contract.yaml:"
        in refused.value.message
    )
    assert not (tmp_path / "new.sqlite").exists()
    seed(workspace, ["golden"], target, replace(options, validates=False))
    assert (tmp_path / "new.sqlite").exists()


def test_rows_that_were_valid_once_are_not_opened_again(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(workspace)
    target = parse_location(str(tmp_path / "new.sqlite"), folder=tmp_path, variables={})
    seed(workspace, ["golden"], target, SeedOptions(validates=True))

    def never(*arguments: object, **options: object) -> None:
        raise AssertionError("it was validated again")

    monkeypatch.setattr("tdmvc.workspace.broken_rules.refuse_unless_valid", never)
    seed(workspace, ["golden"], target, SeedOptions(validates=True))
    declare(workspace, CONTRACT.replace("maximum: 2", "maximum: 1"))
    with pytest.raises(AssertionError, match="again"):
        seed(workspace, ["golden"], target, SeedOptions(validates=True))


def test_what_a_database_enforces_by_itself_is_left_to_it(workspace: Workspace, tmp_path: Path) -> None:
    declare(workspace, CONTRACT.replace("logicalTypeOptions: {maximum: 2}", "unique: true"))
    target = parse_location(str(tmp_path / "new.sqlite"), folder=tmp_path, variables={})
    assert "orders.customer_id.unique" in failing(validate(workspace))
    with pytest.raises(DatabaseError, match="unique key"):
        seed(workspace, ["golden"], target, SeedOptions(validates=True))


def test_only_tables_that_are_loaded_are_judged(workspace: Workspace, tmp_path: Path) -> None:
    bad_rows(workspace)
    with Repository.open(workspace.root) as repository:
        repository.seed("golden", into=tmp_path / "some.sqlite", tables=["customers"])
        with pytest.raises(InvalidRowsError):
            repository.seed("golden", into=tmp_path / "all.sqlite")
        repository.seed("golden", into=tmp_path / "all.sqlite", validate=False)


def test_a_version_of_invalid_rows_records_the_rules(workspace: Workspace) -> None:
    bad_rows(workspace)
    commit_all(workspace.root, "Bad")
    with pytest.raises(InvalidRowsError, match="--allow-invalid"):
        publish(workspace, "golden")
    report = publish(workspace, "golden", options=PublishOptions(allow_invalid=True))
    assert report.version.broken_rules == ("orders.customer_id.range",)


def test_a_test_can_demand_valid_rows(workspace: Workspace) -> None:
    bad_rows(workspace)
    with Repository.open(workspace.root) as repository:
        repository.assert_valid("golden@1.0.0")
        with pytest.raises(
            AssertionError, match="orders row id=50: customer_id 7 is not at most 2"
        ) as failed:
            repository.assert_valid("golden")
    assert "contract.yaml:" in str(failed.value)


def test_neither_dvc_nor_pandas_is_imported(workspace: Workspace) -> None:
    """Importing pandas takes longer than a validation after an edit."""
    text = CONTRACT.replace(
        "{name: name, logicalType: string}", "{name: name, logicalType: string, unique: true}"
    )
    customer = "{maximum: 2}\n        relationships: [{type: foreignKey, to: customers.id}]"
    declare(workspace, text.replace("{maximum: 2}", customer))
    script = (
        "import sys; from tdmvc.cli.main import run; run(['-q', 'validate', 'golden']); "
        "sys.exit(9 * any(name.split('.')[0] in ('dvc', 'dvc_data', 'pandas') for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=workspace.root, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b"references" in done.stdout + done.stderr or b"kept" in done.stdout
