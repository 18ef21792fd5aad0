"""What `check` says about environments, without starting anything."""

from pathlib import Path

import pytest

from tests.builders import Tdmvc, add_migrations, add_tables


@pytest.mark.parametrize(
    ("environment", "rule", "says"),
    [
        ("{database: embedded, datasets: [golden, gone]}", "environment-dataset", "no dataset 'gone'"),
        ("{database: embedded, datasets: [golden@1.0.0]}", "environment-dataset", "no version '1.0.0'"),
        ("{migrate_inputs: [app/**]}", "environment-inputs", "no file matches app/**"),
        ("{folder: apps/shop}", "environment-folder", "no folder apps/shop"),
        ("{database: 'oracle://db/x'}", "environment-database", "of the kind oracle"),
    ],
)
def test_a_fault_is_a_finding_with_its_key(
    tdmvc: Tdmvc, repo: Path, environment: str, rule: str, says: str
) -> None:
    add_migrations(repo)
    add_tables(repo, {"customers": "id\n1\n"})
    with (repo / "tdmvc.yaml").open("a") as file:
        file.write(f"environments:\n  local: {environment}\n")
    report = tdmvc("check", "--format", "json", code=None).json
    [found] = [one for one in report["findings"] if one["rule"].startswith("environment-")]
    assert found["rule"] == rule
    assert says in found["message"]
    assert found["details"]["file"] == "tdmvc.yaml"
    assert found["details"]["key"].startswith("environments.local.")


def test_a_tool_without_a_usual_command_needs_one(tdmvc: Tdmvc, repo: Path) -> None:
    (repo / "db").mkdir()
    (repo / "db" / "1_first.up.sql").write_text("CREATE TABLE a (id int);\n")
    with (repo / "tdmvc.yaml").open("a") as file:
        file.write("migrations: {main: {tool: golang-migrate, path: db}}\nenvironments: {local: {}}\n")
    [found] = tdmvc("check", "--format", "json", code=None).json["findings"]
    assert found["rule"] == "environment-migrate"
    assert "migrate: COMMAND" in found["remedy"]
    text = (repo / "tdmvc.yaml").read_text().replace("local: {}", "local: {migrate: ./migrate.sh}")
    (repo / "tdmvc.yaml").write_text(text)
    assert tdmvc("check", "--format", "json", code=None).json["findings"] == []


def test_variables_need_not_be_set_where_the_files_are_checked(tdmvc: Tdmvc, repo: Path) -> None:
    with (repo / "tdmvc.yaml").open("a") as file:
        file.write(
            "environments: {ci: {database: '${CI_DATABASE}'}, a: {database: 'mysql://me:${PW}@db/x'}}\n"
        )
    assert tdmvc("check", "--format", "json", code=None).json["findings"] == []
