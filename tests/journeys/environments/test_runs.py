"""`tdmvc run` through the command line, on real SQLite databases."""

import json
import re
import sys
from xml.etree import ElementTree

import pytest

from tests.builders import commit_all
from tests.journeys.environments.application import CONFIG, COUNT, App, running, steps


def test_a_command_runs_with_a_migrated_and_seeded_database_and_nothing_is_left(app: App) -> None:
    ran = app.run("run", "--", sys.executable, "-c", COUNT)
    assert ran.stdout == "2\n"
    assert re.findall(r"^✓ (\w+)", ran.stderr, re.MULTILINE) == [
        "checkout",
        "migrate",
        "seed",
        "database",
        "command",
        "tear",
    ]
    assert app.leftovers() == []
    again = app.report("true")
    assert steps(again)["migrate"] == steps(again)["seed"] == "skipped"
    assert again["refs"] == ["golden"]


def test_the_command_gets_standard_input_and_its_exit_code_is_passed_on(app: App) -> None:
    ran = app.run("-q", "run", "--", "sh", "-c", "cat; exit 7", code=7, stdin="typed\n")
    assert (ran.stdout, ran.stderr) == ("typed\n", "")
    assert app.run("-q", "run", "--", "sh", "-c", "kill -9 $$", code=137).stderr == ""


def test_arguments_of_the_command_are_its_own(app: App) -> None:
    ran = app.run("-q", "run", "--", "printf", "%s|", "-q", "--format", "", "--x=")
    assert ran.stdout == "-q|--format||--x=|"
    assert app.run("-q", "run", "printf", "%s|", "-v").stdout == "-v|"


def test_a_report_is_written_for_ci_also_if_the_command_fails(app: App) -> None:
    (app.root.parent / "job.md").write_text("Before\n")
    app.variables = {"GITHUB_STEP_SUMMARY": str(app.root.parent / "job.md")}
    app.run("run", "--junit", "out/run.xml", "--", "sh", "-c", "exit 3", code=3)
    suite = ElementTree.parse(app.root / "out" / "run.xml").getroot()[0]
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == ["command"]
    assert suite.get("failures") == "1"
    assert float(suite.get("time") or 0) > 0
    summary = (app.root.parent / "job.md").read_text()
    assert summary.startswith("Before\n")
    assert "exit code 3" in summary
    assert "**failed**" in summary


def test_the_report_is_alone_on_standard_output(app: App) -> None:
    ran = app.run("run", "--format", "json", "--", "echo", "hello")
    assert json.loads(ran.stdout)["exit_code"] == 0
    assert "hello\n" in ran.stderr


@pytest.mark.parametrize(
    ("config", "words", "code", "says"),
    [
        (CONFIG, ["--env", "lokal", "--", "true"], 3, "did you mean 'local'?"),
        (CONFIG, ["--", "no-such-program"], 2, "There is no program 'no-such-program'"),
        (CONFIG, ["--with", "golden@9.9.9", "--", "true"], 3, "no version '9.9.9'"),
        (CONFIG.replace("{path}", "{paht}"), ["--", "true"], 2, "line 11, key"),
        ("environments: {local: {database: embedded-99}}\n", ["--", "true"], 7, "PostgreSQL 99"),
        ("environments: {local: {database: 'postgresql://db.prod/x'}}\n", ["--", "true"], 7, "production"),
        (
            "environments: {local: {database: '${NO_SUCH_URL}'}}\n",
            ["--", "true"],
            2,
            "NO_SUCH_URL is not set",
        ),
        ("environments: {local: {database: 'oracle://x/y'}}\n", ["--", "true"], 2, "does not support"),
    ],
)
def test_what_cannot_be_provided_is_said_before_anything_runs(
    app: App, config: str, words: list[str], code: int, says: str
) -> None:
    app.configure(config)
    ran = app.run("run", *words, code=code)
    assert says in ran.stderr
    assert "Fix:" in ran.stderr
    assert app.leftovers() == []


def test_a_failing_migration_names_the_command_and_its_last_lines(app: App) -> None:
    script = "echo 'connecting to postgresql://me:geheim@db/x'; echo 'no such column' >&2; exit 4"
    app.configure(CONFIG + f"    migrate: {json.dumps(script)}\n")
    ran = app.run("run", "--junit", "run.xml", "--", "true", code=7)
    assert "ended with exit code 4" in ran.stderr
    assert "no such column" in ran.stderr
    assert "geheim" not in ran.stderr + (app.root / "run.xml").read_text()
    assert "<error" in (app.root / "run.xml").read_text()
    assert app.leftovers() == []


def test_a_migration_that_reaches_another_database_is_noticed(app: App) -> None:
    app.configure(CONFIG + '    migrate: "true"\n')
    ran = app.run("run", "--", "true", code=7)
    assert "the environment's database has no table" in ran.stderr


def test_a_migration_in_sql_that_is_refused_is_named(app: App) -> None:
    (app.root / "migrations" / "0003_bad.sql").write_text("ALTER TABLE nowhere ADD x;")
    ran = app.run("run", "--", "true", code=7)
    assert "Where: migrations/0003_bad.sql" in ran.stderr
    assert "nowhere" in ran.stderr


def test_a_dataset_without_tables_is_told(app: App) -> None:
    for pointer in (app.root / "datasets" / "golden").glob("*.dvc"):
        pointer.unlink()
    for _ in range(2):
        assert (
            "warning: golden has no table, so nothing is loaded from it."
            in app.run("run", "--", "true").stderr
        )


def test_an_edited_migration_makes_another_template(app: App) -> None:
    app.report("true")
    (app.root / "migrations" / "0003_index.sql").write_text("CREATE INDEX names ON customers (name);")
    ran = app.run("run", "--", sys.executable, "-c", COUNT)
    assert "migrate" in ran.stderr
    assert ran.stdout == "2\n"
    assert steps(app.report("true"))["migrate"] == "skipped"
    assert steps(app.report("true", options=("--rebuild",)))["migrate"] == "done"


def test_changed_rows_are_seeded_again_and_a_version_can_be_chosen(app: App) -> None:
    app.run("publish", "golden", "1.0.0", "--notes", "First")
    commit_all(app.root, "Publish")
    source = app.root.parent / "customers.csv"
    source.write_text("id,name\n1,Ann\n2,Bob\n3,Cat\n")
    app.run("add", "golden", str(source), "--key", "customers=id")
    assert app.run("-q", "run", "--", sys.executable, "-c", COUNT).stdout == "3\n"
    older = app.run("-q", "run", "--with", "golden@1.0.0", "--", sys.executable, "-c", COUNT)
    assert older.stdout == "2\n"


def test_two_runs_at_once_have_a_database_each(app: App) -> None:
    app.report("true")
    script = "echo ready; echo $SHOP_FILE; exec sleep 60"
    with running(app, script) as first, running(app, script) as second:
        files = [process.stdout.readline() for process in (first, second) if process.stdout]
        assert len(set(files)) == 2
    app.report("true")
    assert app.leftovers() == []


def test_the_command_runs_in_the_folder_of_C(app: App) -> None:
    (app.root / "src").mkdir()
    (app.root / "src" / "show").symlink_to("/bin/pwd")
    assert app.run("-q", "-C", "src", "run", "--", "./show").stdout.strip() == str(app.root / "src")
    assert "There is no program './show'" in app.run("run", "--", "./show", code=2).stderr
