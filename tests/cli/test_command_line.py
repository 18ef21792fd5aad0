"""What holds of every command: help, exit codes, formats, completion, and quiet manners in a pipe."""

import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest

from tdmvc.cli.group import COMMANDS, cli
from tdmvc.cli.main import run
from tdmvc.cli.suggestions import _BY_MEANING, suggest_command
from tdmvc.databases import FILES
from tests.builders import (
    Tdmvc,
    add_migrations,
    add_remotes,
    add_tables,
    commit_all,
    copy_repo,
    git,
    publish,
    quiet_shop,
)
from tests.schemas import assert_valid
from tests.seeding.memory_database import MemoryDatabase
from tests.servers import DatabaseServer

WITHOUT_FORMAT = {"demo", "completion", "help", "install"}
ENVIRONMENTS = {"down", "env", "reset", "run", "up"}
"""Commands whose documents `tests/journeys/environments/` compares with the published ones."""
ROWS = "id,name\n1,Ada\n2,Grace\n"


@pytest.fixture(scope="module")
def with_version(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with golden@1.0.0 and migrations, made once."""
    app = copy_repo(template, tmp_path_factory.mktemp("published") / "app")
    add_migrations(app)
    add_tables(app, {"customers": ROWS})
    publish(app)
    return app


@pytest.fixture
def published(with_version: Path, repo: Path) -> Path:
    """That repository in the place of `repo`, with a remote of its own."""
    shutil.rmtree(repo)
    copy_repo(with_version, repo)
    add_remotes(repo, "near")
    commit_all(repo, "A remote")
    return repo


@pytest.fixture
def source(repo: Path) -> Path:
    path = repo.parent / "customers.csv"
    path.write_text(ROWS)
    return path


def _module(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    return subprocess.run(
        [sys.executable, "-m", "tdmvc", *words],
        cwd=cwd,
        env={**env, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


# Help.


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(tdmvc: Tdmvc, name: str) -> None:
    result = tdmvc(name, "--help").out
    assert result.startswith(f"Usage: tdmvc {name} ")
    examples = result.partition("Example")[2]
    assert f"tdmvc {name}" in examples or "tdmvc init" in examples
    for line in result.splitlines():
        assert len(line) <= 100, line


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_description(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            is_named_by_choices = isinstance(parameter.type, click.Choice)
            assert parameter.help or is_named_by_choices, parameter.name
            assert not parameter.help or parameter.help.endswith((".", "]")), parameter.help


@pytest.mark.parametrize("name", COMMANDS)
def test_the_short_help_summarises_the_long_one(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    first = _words((command.help or "").split("\n\n")[0])
    short = _words(COMMANDS[name])
    assert short[0] == first[0]
    assert len(set(short) & set(first)) / len(set(short)) > 0.5, (short, first)


def _words(text: str) -> list[str]:
    words = re.findall(r"[a-z]+", text.lower())
    return [
        word.removesuffix("s")
        for word in words
        if word not in {"a", "an", "the", "of", "or", "and", "to", "in"}
    ]


def test_help_lists_every_command_and_the_first_steps(tdmvc: Tdmvc) -> None:
    result = tdmvc("--help").out
    for name, short in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(short[:30])}", result, re.MULTILINE), name
    assert "tdmvc init" in result
    assert "Exit codes" in result
    assert tdmvc("-h").out == result
    assert re.fullmatch(r"tdmvc \d+\.\d+\.\d+\n", tdmvc("--version").out)


@pytest.mark.parametrize(
    ("typed", "near"), [("chekout", "checkout"), ("staus", "status"), ("pubish", "publish"), ("dif", "diff")]
)
def test_an_unknown_command_gets_a_suggestion(tdmvc: Tdmvc, typed: str, near: str) -> None:
    refused = tdmvc(typed, code=2)
    assert f"Did you mean '{near}'?" in refused.err
    assert refused.out == ""


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("rm", "tdmvc remove"),
        ("delete", "tdmvc gc"),
        ("version", "tdmvc --version"),
        ("commit", "git commit"),
        ("fetch", "tdmvc pull"),
        ("import", "tdmvc add"),
        ("export", "tdmvc checkout REF --into"),
        ("fsck", "tdmvc verify"),
        ("query", "tdmvc sql"),
        ("compare", "tdmvc diff"),
        ("hsitory", "tdmvc log"),
        ("annotate", "tdmvc blame"),
        ("restore", "tdmvc checkout"),
        ("xyzzy", "tdmvc help"),
    ],
)
def test_a_word_of_another_tool_gets_the_command_that_does_it_here(
    tdmvc: Tdmvc, typed: str, advice: str
) -> None:
    refused = tdmvc(typed, code=2)
    assert advice in refused.err
    assert tdmvc("help", typed, code=2).err == refused.err


def test_every_suggestion_names_commands_and_options_that_exist() -> None:
    for word in _BY_MEANING:
        assert word not in COMMANDS
        for name, option in re.findall(
            r"`tdmvc ([a-z-]+)[^`]*?(--[a-z]+)?[^`]*`", suggest_command(word, COMMANDS)
        ):
            command = cli.get_command(click.Context(cli), name) if not name.startswith("-") else cli
            assert command is not None, (word, name)
            options = [opt for parameter in command.params for opt in parameter.opts]
            assert not option or option in options, (word, option)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("push", "--remoet"), "Did you mean --remote?"),
        (("checkout", "golden", "--to", "x"), "Did you mean --into?"),
        (("log", "golden", "--json"), "Did you mean --format json?"),
        (("gc", "--yes"), "Did you mean --apply?"),
        (("gc", "--dry-run"), "Nothing is removed without --apply."),
        (("log", "golden", "--no-pager"), "It goes before the command"),
        (("list", "-C", "/tmp"), "It goes before the command: `tdmvc -C FOLDER COMMAND`."),
        (("resolve", "golden", "--mine"), "Did you mean --ours?"),
        (("status", "--table", "orders"), "The command always covers all tables of a dataset."),
    ],
)
def test_a_mistyped_option_gets_a_suggestion(tdmvc: Tdmvc, words: tuple[str, ...], advice: str) -> None:
    refused = tdmvc(*words, code=2).err
    assert refused.startswith(f"error: There is no option {next(w for w in words if w.startswith('-'))}. ")
    assert advice in refused
    assert f"Usage: tdmvc {words[0]} " in refused
    assert f"Fix: see `tdmvc {words[0]} --help`." in refused


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_is_what_its_option_prints(tdmvc: Tdmvc, name: str) -> None:
    assert tdmvc("help", name).out == tdmvc(name, "--help").out


def test_help_alone_is_what_the_option_prints(tdmvc: Tdmvc) -> None:
    assert tdmvc("help").out == tdmvc("--help").out
    assert "Usage: tdmvc post " in tdmvc("help", "post").out
    assert tdmvc("help", "add", "golden").out == tdmvc("add", "--help").out


# Exit codes.


def test_each_kind_of_failure_has_its_exit_code(tdmvc: Tdmvc, published: Path, source: Path) -> None:
    tdmvc("diff", "golden@1.0.0", "golden", "--exit-code", code=0)
    source.write_text("id,name\n1,Ada\n2,Grace Hopper\n")
    tdmvc("add", "golden", source)
    tdmvc("diff", "golden@1.0.0", "golden", code=0)
    tdmvc("diff", "golden@1.0.0", "golden", "--exit-code", code=1)
    tdmvc("diff", "--exit-code", code=1)
    tdmvc("drift", code=0)
    (published / "migrations" / "0002_more.sql").write_text("ALTER TABLE customers ADD locale text;\n")
    tdmvc("drift", code=1)
    tdmvc("drift", "--fail-on", "none", code=0)
    tdmvc("drift", "--fail-on", "unknown,diverged", code=0)
    tdmvc("drift", "--fail-on", "nonsense", code=2)
    tdmvc("add", code=2)
    tdmvc("checkout", code=2)
    tdmvc("checkout", "golden", "golden@1.0.0", code=2)
    tdmvc("add", "golden", source, "--key", "customers", code=2)
    tdmvc("add", "golden", source, "--append", "--replace", code=2)
    tdmvc("add", "../golden", source, code=2)
    tdmvc("add", "golden", "nowhere.csv", code=2)
    tdmvc("sql", "selct 1", code=2)
    tdmvc("show", "golden@9.9.9", code=3)
    tdmvc("diff", "golden", "--table", "nothing", code=3)
    tdmvc("add", "unheard-of", code=3)
    broken = published.parent / "broken.sqlite"
    broken.write_bytes(b"SQLite format 3\0 and nothing more")
    tdmvc("add", "golden", broken, code=7)


def test_a_broken_manifest_names_file_and_line(tdmvc: Tdmvc, published: Path) -> None:
    path = published / "datasets" / "golden" / "dataset.yaml"
    path.write_text(path.read_text() + "kindd: golden\n")
    refused = tdmvc("status", code=2)
    assert re.search(r"dataset\.yaml.*line \d+", refused.err)
    assert refused.out == ""


def test_outside_a_repository_the_error_names_the_remedy(tdmvc: Tdmvc, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    assert "git init" in tdmvc("status", code=2, folder=outside).err
    git(outside, "init", "-q")
    assert "tdmvc init" in tdmvc("status", code=None, folder=outside).err
    assert "tdmvc.yaml" in tdmvc("init", folder=outside).out
    empty = tdmvc("status", folder=outside)
    assert "tdmvc add" in empty.out
    assert tdmvc("diff", "--format", "json", folder=outside).json == []
    tdmvc("-C", "nowhere", "status", code=2, folder=outside)


def test_a_bug_leaves_a_log_without_values(
    tdmvc: Tdmvc, published: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def fail(*arguments: object, **options: object) -> None:
        raise ValueError(f"a row: {''.join(reversed('ecarG'))}")

    monkeypatch.setattr("tdmvc.cli.commands.show.show", fail)
    result = tdmvc("show", "golden", code=70)
    (log,) = tmp_path.glob("tdmvc-bug-*.log")
    assert str(log) in result.err
    text = log.read_text()
    assert "ValueError" in text
    assert "commands/show.py" in text
    assert "Grace" not in text + result.err


def test_an_interrupt_exits_with_130_and_reports_that_nothing_is_half_written(
    tdmvc: Tdmvc, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tdmvc.cli.commands.show.show", interrupt)
    assert "Interrupted" in tdmvc("show", "golden", code=130).err


# Formats.


def _check(document: Any, name: str) -> None:
    assert_valid(document, name)
    assert document["format"] == f"tdmvc.{name}/1"


def test_the_json_of_every_command_is_as_published(
    tdmvc: Tdmvc, published: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tdmvc.databases.FILES", {**FILES, "memory": MemoryDatabase()})

    def check(name: str, *words: object, code: int = 0) -> Any:
        ran = tdmvc(*words, "--format", "json", code=code)
        assert ran.err == ""
        _check(ran.json, name)
        return ran.json

    seen = {
        "init": check("init", "init"),
        "list": check("list", "list"),
        "show": check("show", "show", "golden@1.0.0"),
        "status": check("status", "status"),
        "log": check("log", "log", "golden"),
        "blame": check("blame", "blame", "golden", "customers"),
        "push": check("transfer", "push"),
        "pull": check("transfer", "pull"),
        "verify": check("verify", "verify", "--remote"),
        "resolve": check("resolve", "resolve"),
        "gc": check("gc", "gc"),
        "sql": check("sql", "sql", "select *, now() as t, 1.5::decimal(4,2) as d, [1] as l from customers"),
        "check": check("check", "check"),
        "validate": check("validate", "validate"),
        "migrations": check("migrations", "migrations"),
        "drift": check("drift", "drift"),
        "contract": check("contract-show", "contract", "show"),
        "checkout": check("checkout", "checkout", "golden@1.0.0"),
        "seed": check("seed", "seed", "golden@1.0.0", "--into", "shop.memory", "--verify"),
        "merge": check("merge", "merge", "main"),
        "merge-check": check("merge-check", "merge-check", "main"),
        "revert": check("revert", "revert", "golden", "HEAD..HEAD"),
    }
    check("contract-diff", "contract", "diff", "golden@1.0.0", "golden")
    contract = published / "datasets/golden/contract.yaml"
    check("contract-import", "contract", "import", contract, "--dataset", "golden")
    check("contract-infer", "contract", "infer", "golden", "--min-rows", "2")
    check("row-log", "log", "golden", "customers", "--key", "1")
    source.write_text("id,name,locale\n1,Ada,en\n1,Twice,en\n3,,nl\n")
    seen["add"] = check("add", "add", "golden", source)
    assert seen["add"]["findings"]
    seen["diff"] = check("diff", "diff", "golden")
    assert seen["diff"]["summary"]["tables"]["changed"] == 1
    seen["review"] = check("review", "review", "main", code=1)
    assert seen["review"]["datasets"]
    commit_all(published, "Twice")
    seen["publish"] = check("publish", "publish", "golden", "--notes", "More.", "--allow-invalid")
    seen["yank"] = check("yank", "yank", "golden@1.0.0", "--reason", "Wrong")
    (published / "migrations" / "0002_more.sql").write_text("ALTER TABLE customers ADD locale text;\n")
    seen["drift"] = check("drift", "drift", code=1)
    seen["build"] = check("add", "build", "built", source)
    seen["remove"] = check("remove", "remove", "golden", "customers", "--force")
    assert seen.keys() | ENVIRONMENTS == COMMANDS.keys() - WITHOUT_FORMAT


def test_findings_of_verify_are_as_published(tdmvc: Tdmvc, published: Path) -> None:
    for path in (published / ".dvc" / "cache" / "files" / "md5").rglob("*"):
        if path.is_file() and not path.name.endswith(".dir"):
            path.chmod(0o644)
            path.write_bytes(b"PAR1")
    ran = tdmvc("verify", "--format", "json", code=1)
    _check(ran.json, "verify")
    assert ran.json["findings"]


def test_several_datasets_are_a_list_of_diffs(tdmvc: Tdmvc, published: Path, source: Path) -> None:
    tdmvc("add", "other", source)
    documents = tdmvc("diff", "--format", "json").json
    assert [document["dataset"] for document in documents] == ["golden", "other"]
    for document in documents:
        _check(document, "diff")


def test_json_is_complete_even_if_the_answer_is_no(tdmvc: Tdmvc, published: Path) -> None:
    (published / "migrations" / "0002_more.sql").write_text("SELECT 1;\n")
    assert tdmvc("drift", "--format", "json", code=1).json["drifts"][0]["status"] == "behind"


# The terminal.


def test_quiet_prints_results_without_hints(tdmvc: Tdmvc, published: Path, source: Path) -> None:
    source.write_text("id,name\n1,Ada\n")
    assert "Next:" in tdmvc("add", "golden", source).out
    source.write_text("id,name\n1,Grace\n")
    quiet = tdmvc("--quiet", "add", "golden", source).out
    assert "golden" in quiet
    assert "Next:" not in quiet


def test_quiet_and_verbose_mean_the_same_before_and_after_the_command(
    tdmvc: Tdmvc, published: Path, source: Path
) -> None:
    def without_times(text: str) -> str:
        return re.sub(r"[ \d.]+ s  ", "", text)

    before, after = tdmvc("-v", "verify", "golden"), tdmvc("verify", "golden", "--verbose")
    assert before.out == after.out == tdmvc("verify", "golden").out
    assert without_times(before.err) == without_times(after.err)
    assert re.search(r"^verify golden: 1 of 1 tables\n +\d\.\d{3} s  ", before.err, re.MULTILINE)
    assert re.search(r"^ +\d+\.\d{3} s  verify$", before.err, re.MULTILINE)
    assert tdmvc("verify", "golden").err == ""
    source.write_text("id,name\n1,Ada\n")
    assert "Next:" in tdmvc("add", "golden", source).out
    for words in (("-q", "add", "golden"), ("add", "golden", "-q"), ("-v", "add", "golden", "--quiet")):
        source.write_text(
            source.read_text() + "2,Grace\n" if "2" not in source.read_text() else "id,name\n1,Ada\n"
        )
        quiet = tdmvc(*words, source)
        assert "golden" in quiet.out
        assert "Next:" not in quiet.out
        assert quiet.err == ""


def test_verbose_prints_the_log_of_a_bug(
    tdmvc: Tdmvc, published: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("tdmvc.cli.commands.show.show", lambda *_: 1 / 0)
    result = tdmvc("show", "golden", "-v", code=70)
    (log,) = tmp_path.glob("tdmvc-bug-*.log")
    assert log.read_text() in result.err


@pytest.mark.parametrize(
    "words",
    [
        ("--table", "customers", "--table", "orders"),
        ("--tables", "customers,orders"),
        ("--table", "customers, orders,customers"),
        ("--tables", "customers", "--table", "orders"),
    ],
)
def test_tables_are_named_in_the_same_way_everywhere(
    tdmvc: Tdmvc, published: Path, source: Path, words: tuple[str, ...]
) -> None:
    for name in ("orders", "notes"):
        tdmvc("add", "golden", source, "--table", name)
    document = tdmvc("diff", "golden@1.0.0", "golden", *words, "--format", "json").json
    assert [table["name"] for table in document["tables"]] == ["customers", "orders"]
    tdmvc("checkout", "golden", "--into", "copy", *words)
    assert {path.name for path in (published / "copy").iterdir()} >= {"customers", "orders"}
    assert not (published / "copy" / "notes").exists()
    git(published, "add", "-A")
    git(published, "commit", "-q", "-m", "Two more")
    reverted = tdmvc("revert", "golden", "HEAD", *words, "--format", "json").json
    assert "notes" not in {table["name"] for table in reverted["tables"]}
    refused = tdmvc("add", "golden", source, *words, code=3).err
    assert "There is no table 'orders'." in refused


@pytest.mark.parametrize("command", ["log", "blame", "resolve"])
def test_a_table_is_an_argument_or_an_option(tdmvc: Tdmvc, published: Path, command: str) -> None:
    code = 3 if command == "resolve" else 0
    as_argument = tdmvc(command, "golden", "customers", code=code)
    assert tdmvc(command, "golden", "--table", "customers", code=code) == as_argument
    refused = tdmvc(command, "golden", "customers", "--table", "orders", code=2).err
    assert "--table names 2 tables: customers, orders." in refused
    assert "Missing argument 'TABLE'." in tdmvc("blame", "golden", code=2).err


def test_a_query_that_writes_gets_the_way_to_change_rows(tdmvc: Tdmvc, published: Path) -> None:
    refused = tdmvc("sql", "delete from orders", code=2).err
    assert "Fix: queries only read; to change rows, edit the files of the working copy" in refused


def test_minus_c_works_in_a_folder_and_reads_sources_from_there(tdmvc: Tdmvc, published: Path) -> None:
    inside = published / "fixtures"
    inside.mkdir()
    (inside / "orders.csv").write_text("id\n1\n")
    tdmvc("add", "golden", "orders.csv", folder=inside)
    assert (published / "datasets" / "golden" / "orders.dvc").is_file()
    tdmvc("checkout", "golden@1.0.0", "--into", "copy", folder=inside)
    assert (inside / "copy" / "customers").is_dir()


def test_piped_output_has_no_escape_codes(published: Path) -> None:
    shown = _module("show", "golden", cwd=published)
    assert shown.returncode == 0
    assert "\x1b" not in shown.stdout
    refused = _module("show", "nothing", cwd=published)
    assert refused.returncode == 3
    assert refused.stdout == ""
    assert "\x1b" not in refused.stderr


def test_color_can_be_requested_and_no_color_wins(
    tdmvc: Tdmvc, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b" not in tdmvc("show", "golden").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in tdmvc("show", "golden").out
    assert "\x1b" not in tdmvc("show", "golden", "--format", "json").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in tdmvc("show", "golden").out


@pytest.mark.parametrize(("no_color", "is_colored"), [("", True), ("1", False)])
def test_errors_on_a_terminal_follow_no_color(repo: Path, no_color: str, is_colored: bool) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "tdmvc", "show", "nothing"],
        cwd=repo,
        env={**os.environ, "NO_COLOR": no_color},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        check=False,
    )
    os.close(theirs)
    result = os.read(ours, 10_000).decode()
    os.close(ours)
    assert done.returncode == 3
    assert "nothing" in result
    assert ("\x1b[31m" in result) is is_colored


def test_a_reader_that_stops_early_is_no_error(published: Path) -> None:
    command = [sys.executable, "-m", "tdmvc", "sql", "select * from range(100000)", "--limit", "100000"]
    with subprocess.Popen(
        command, cwd=published, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0


# Completion.


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_prints_a_script_for_the_shell(tdmvc: Tdmvc, shell: str) -> None:
    script = tdmvc("completion", shell).out
    assert "_TDMVC_COMPLETE" in script
    assert f"{shell}_complete" in script
    tdmvc("completion", "tcsh", code=2)


def test_bash_accepts_the_script_and_completes_versions_as_one_word(tdmvc: Tdmvc, tmp_path: Path) -> None:
    script = tmp_path / "tdmvc.bash"
    script.write_text(tdmvc("completion", "bash").out)
    done = subprocess.run(
        ["bash", "--norc", "-c", f'source {script} && complete -p tdmvc && echo "$COMP_WORDBREAKS"'],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "tdmvc" in done.stdout
    assert "@" not in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("tdmvc che", {"check", "checkout"}),
        ("tdmvc show gol", {"golden"}),
        ("tdmvc show golden@", {"golden@1.0.0"}),
        ("tdmvc add golden --ap", {"--append"}),
        ("tdmvc show nothing@", set()),
        ("tdmvc -C REPO show golden@1", {"golden@1.0.0"}),
    ],
)
def test_arguments_are_completed(
    published: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    expected: set[str],
) -> None:
    monkeypatch.setenv("_TDMVC_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words.replace("REPO", str(published)))
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    if "REPO" not in words:
        monkeypatch.chdir(published)
    with pytest.raises(SystemExit):
        run([])
    result = capsys.readouterr()
    assert {line.partition(",")[2] for line in result.out.split()} == expected
    assert result.err == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["tdmvc", "che"], ["check", "checkout"]),
        (["tdmvc", "show", ""], ["golden"]),
        (["tdmvc", "show", "golden@"], ["golden@1.0.0"]),
        (["tdmvc", "add", "golden", "--ap"], ["--append"]),
        # Files are left to PowerShell itself.
        (["tdmvc", "add", "golden", ""], []),
    ],
)
def test_powershell_gets_a_value_and_its_help_in_each_line(
    published: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    expected: list[str],
) -> None:
    monkeypatch.chdir(published)
    monkeypatch.setenv("_TDMVC_COMPLETE", "powershell_complete")
    monkeypatch.setenv("TDMVC_COMPLETE_WORDS", "\n".join(words))
    with pytest.raises(SystemExit):
        run([])
    result = capsys.readouterr()
    lines = [line.split("\t") for line in result.out.splitlines() if line]
    assert sorted(value for value, _ in lines) == expected
    assert result.err == ""


# What a command costs before it begins.

_LOADED = """
import io, sys
from contextlib import redirect_stdout
from tdmvc.cli.main import run
with redirect_stdout(io.StringIO()):
    codes = [run(words.split()) for words in sys.argv[1:]]
print(*codes)
print(*sorted(sys.modules))
"""


def _loaded_by(repo: Path, *commands: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED, *commands], cwd=repo, capture_output=True, text=True, check=False
    )
    codes, modules = done.stdout.splitlines()
    assert set(codes.split()) == {"0"}, done.stderr
    return set(modules.split())


def test_reading_commands_do_not_load_dvc(published: Path) -> None:
    commands = ["diff", "diff golden@1.0.0 golden", "status", "drift", "show golden@1.0.0", "list"]
    loaded = _loaded_by(published, *commands)
    assert "tdmvc" in loaded
    assert not loaded & {"dvc", "dvc_data", "dvc_objects", "pandas"}


def test_a_query_over_few_rows_does_not_load_pandas(published: Path) -> None:
    loaded = _loaded_by(published, "sql FROM/**/golden.customers")
    assert "duckdb" in loaded
    assert not loaded & {"pandas", "pyarrow.dataset"}


def test_a_diff_of_sorted_tables_loads_neither_duckdb_nor_gitpython(published: Path) -> None:
    assert not _loaded_by(published, "diff golden@1.0.0 golden") & {"duckdb", "git", "pandas"}


def test_seeding_what_differs_loads_only_the_engine_that_it_needs(
    template: Path, tmp_path: Path, postgres_server: DatabaseServer
) -> None:
    shop = quiet_shop(copy_repo(template, tmp_path / "app"))
    shop.commit("First", {1: ("Ann", "ann@x.test"), 2: ("Bo", "bo@x.test")})
    publish(shop.app, "1.0.0")
    shop.commit("Later", {1: ("Ann", "ann@x.test"), 2: ("Bo", "bob@x.test")})
    publish(shop.app, "2.0.0")
    with postgres_server.fresh_database() as name:
        seeds = [
            f"seed golden@{version} --into {postgres_server.url(name)}" for version in ("1.0.0", "2.0.0")
        ]
        _loaded_by(shop.app, seeds[0], f"{seeds[1]} --dry-run")
        loaded = _loaded_by(shop.app, seeds[1], seeds[1], f"{seeds[1]} --dry-run")
        with postgres_server.connect(name) as connection:
            mails = connection.execute("SELECT mail FROM customers ORDER BY id").fetchall()
    assert mails == [("ann@x.test",), ("bob@x.test",)]
    assert not loaded & {
        "tdmvc.checks.validation.validate",
        "tdmvc.databases.mysql",
        "tdmvc.seeding.read_back",
        "tdmvc.servers",
        "tdmvc.sources",
        "tdmvc.workspace.live_drift",
    }
    assert not loaded & {"duckdb", "git", "pandas", "dvc", "dvc_data", "pymysql", "adbc_driver_postgresql"}


def test_rows_come_and_go_without_pandas(published: Path, tmp_path: Path) -> None:
    repo = copy_repo(published, tmp_path / "copy")
    (repo / "rows.json").write_text('[{"id": 1, "name": "a"}, {"id": 2, "name": null}]')
    with closing(sqlite3.connect(repo / "rows.db")) as database:
        database.executescript(
            "CREATE TABLE t (id INTEGER PRIMARY KEY CHECK (id > 0), at DATETIME, n DECIMAL(5,2), b BLOB, f BOOLEAN);"
            "INSERT INTO t VALUES (1, '2024-01-01 10:00:00', 1.5, x'00', 1), (2, NULL, NULL, NULL, NULL);"
            "CREATE TABLE empty (id INTEGER PRIMARY KEY);"
        )
    # A format that only the validator of JSON Schemas knows, whose violation is a warning.
    (repo / "broken.json").write_text(
        '{"title": "rows", "type": "object", "properties": {"name": {"format": "email"}}}'
    )
    commands = ["add rows rows.db rows.json", "status", "check --rows", "publish rows 1.0.0", "validate rows"]
    commands += ["validate rows --contract broken.json", "contract show rows", "contract infer rows"]
    assert "pandas" not in _loaded_by(
        repo, *commands, "seed rows --into copy.sqlite --verify", "checkout rows"
    )


def test_help_imports_no_heavy_library(published: Path) -> None:
    loaded = _loaded_by(published, "--help", "--version")
    assert not loaded & {"dvc", "dvc_data", "pyarrow", "duckdb", "git", "ruamel", "deepdiff", "numpy", "yaml"}


def test_libraries_in_the_same_process_can_use_numpy(published: Path) -> None:
    code = (
        "import sys\n"
        "from tdmvc.cli.main import run\n"
        "run(['diff', 'golden@1.0.0', 'golden'])\n"
        "import pyarrow as pa\n"
        "print(pa.array([1, 2]).to_numpy().sum())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=published, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "3"
