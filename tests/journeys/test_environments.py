"""Environments through the command line, from the first run to the last `down`, on real SQLite databases."""

import contextlib
import fcntl
import json
import os
import pty
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.builders import add_tables, commit_all, copy_repo
from tests.schemas import assert_valid
from tests.series import trials

COUNT = (
    "import os, sqlite3; c = sqlite3.connect(os.environ['SHOP_FILE']); "
    "print(c.execute('SELECT count(*) FROM customers').fetchone()[0])"
)
"""A program that prints how many customers its database has."""
CONFIG = """\
environments:
  local:
    database: "sqlite:///test.db"
    exports: {SHOP_FILE: "{path}"}
"""
MIGRATIONS = {
    "0001_customers.sql": "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);",
    "0002_orders.sql": "CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER NOT NULL);",
}


@dataclass
class App:
    """An application's repository, and a home of its own for caches and temporary files."""

    root: Path
    python: Path
    """Runs commands that nobody interrupts or kills."""
    variables: Mapping[str, str] = field(default_factory=dict)

    def configure(self, text: str) -> None:
        """Let the environments be these, and nothing else."""
        path = self.root / "tdmvc.yaml"
        kept = path.read_text().partition("environments:")[0]
        path.write_text(kept + text)

    @property
    def environ(self) -> dict[str, str]:
        base = self.root.parent
        return {
            **os.environ,
            "TMPDIR": str(base / "tmp"),
            "XDG_CACHE_HOME": str(base / "cache"),
            "PYTHONPATH": os.getcwd(),
            **self.variables,
        }

    def start(self, *words: str, **options: Any) -> "subprocess.Popen[str]":
        """Start tdmvc in an interpreter of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "tdmvc", *words],
            cwd=self.root,
            env=self.environ,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )

    def run(self, *words: str, code: int = 0, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run tdmvc to its end."""
        ran = subprocess.run(
            [self.python, "-m", "tdmvc", *words],
            cwd=self.root,
            env=self.environ,
            text=True,
            capture_output=True,
            input=stdin,
            check=False,
        )
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran

    def document(self, name: str, *words: str) -> Any:
        """Return the JSON that a command prints, which must be as published."""
        document = json.loads(self.run("-q", *words, "--format", "json").stdout)
        assert_valid(document, name)
        return document

    def report(self, *command: str, options: tuple[str, ...] = ()) -> Any:
        """Return the report of a run."""
        ran = self.run("-q", "run", *options, "--format", "json", "--", *command)
        document = json.loads(ran.stdout)
        assert_valid(document, "run")
        return document

    def leftovers(self) -> list[str]:
        """Return what runs left: run folders, databases, processes."""
        files = [str(path) for path in (self.root.parent / "tmp").rglob("run-*")]
        files += [path.name for path in self.root.iterdir() if "test.db" in path.name or "test-" in path.name]
        return files + [str(pid) for pid in self.processes()]

    @property
    def records(self) -> list[Path]:
        """The records of environments that go on."""
        return list((self.root / ".dvc" / "tmp" / "tdmvc" / "environments").glob("*.json"))

    def processes(self) -> list[int]:
        """Return the processes that a run in this repository started."""
        mark = f"TDMVC_RUN={self.root.parent}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if mark in (entry / "environ").read_bytes():
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two migrations in plain SQL, and golden data for them."""
    folder = copy_repo(template, tmp_path_factory.mktemp("environments") / "app")
    (folder / "migrations").mkdir()
    for name, text in MIGRATIONS.items():
        (folder / "migrations" / name).write_text(text)
    with (folder / "tdmvc.yaml").open("a") as file:
        file.write("migrations:\n  main: {tool: sql, path: migrations}\n" + CONFIG)
    add_tables(folder, {"customers": "id,name\n1,Ann\n2,Bob\n", "orders": "id,total\n7,10\n"})
    return folder


@pytest.fixture
def app(made: Path, tmp_path: Path, fast_python: Path) -> Iterator[App]:
    (tmp_path / "tmp").mkdir()
    application = App(copy_repo(made, tmp_path / "app"), fast_python)
    yield application
    if application.records:
        application.run("down", "--all")


def steps(report: Mapping[str, Any]) -> dict[str, str]:
    return {step["name"]: "skipped" if step["is_skipped"] else "done" for step in report["steps"]}


def ask(kept: Mapping[str, Any], query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(kept["database"])) as con:
        return con.execute(query).fetchall()


def change(kept: Mapping[str, Any], statement: str) -> None:
    with closing(sqlite3.connect(kept["database"])) as con, con:
        con.execute(statement)


@contextmanager
def running(app: App, script: str, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a shell script in an environment, and wait until it prints `ready`."""
    process = app.start("-q", "run", *options, "--", "sh", "-c", script, start_new_session=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


# run.


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


# Signals.


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_reaches_the_command_and_tdmvc_waits_for_it(app: App, number: signal.Signals) -> None:
    script = "trap 'echo told; exit 5' INT TERM HUP; echo ready; while true; do sleep 0.05; done"
    with running(app, script) as process:
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)
        assert (process.returncode, out) == (5, "told\n")
    assert app.leftovers() == []


def test_a_second_interrupt_kills_the_command_with_all_that_it_started(app: App) -> None:
    script = "trap '' INT; (while true; do sleep 0.05; done) & echo ready; while true; do sleep 0.05; done"
    with running(app, script) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 137
    assert app.leftovers() == []


def test_a_signal_reaches_a_command_that_left_the_group(app: App) -> None:
    script = "import os, time; os.setpgid(0, 0); print('ready', flush=True); time.sleep(600)"
    with running(app, f"exec {sys.executable} -c {shlex.quote(script)}") as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
    assert app.leftovers() == []


def test_an_interrupt_while_it_migrates_leaves_nothing(app: App) -> None:
    mark = app.root.parent / "migrating"
    app.configure(CONFIG + f"    migrate: touch {mark}; sleep 60\n")
    process = app.start("run", "--", "true", start_new_session=True)
    while not mark.exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Interrupted" in err
    assert app.leftovers() == []


SERVICE = f"""\
    services:
      web:
        command: "{sys.executable} -m http.server --bind 127.0.0.1 {{port}}"
        ready: "http://127.0.0.1:{{port}}/"
        exports: {{WEB: "http://127.0.0.1:{{port}}"}}
"""


@pytest.mark.parametrize("trial", range(trials(100, 2)))
def test_after_a_kill_the_next_command_leaves_nothing(app: App, trial: int) -> None:
    app.configure(CONFIG + SERVICE)
    if trial % 2:
        app.report("true")
    process = app.start("-q", "run", "--", "sleep", "600", start_new_session=True)
    time.sleep(0.3 + (trial * 0.618 % 1) * 2.5)
    process.kill()
    # What it started may hold its streams.
    process.wait()
    app.report("true")
    assert app.leftovers() == []


LEAVES_PROGRAMS = """\
import os, subprocess, sys
subprocess.Popen(["sleep", "600"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", ["sleep", "600"])
    os._exit(0)
subprocess.Popen(["sleep", "600"], process_group=0)
subprocess.Popen(["sleep", "600"], close_fds=True, stdin=subprocess.DEVNULL)
without = {name: value for name, value in os.environ.items() if name != "TDMVC_RUN"}
kept = subprocess.Popen(["sleep", "30"], env=without, start_new_session=True, stdout=subprocess.DEVNULL)
print(kept.pid, flush=True)
"""
"""A program that leaves others in the background: in sessions and groups of their own, and one that may go on."""


def test_what_a_command_leaves_in_the_background_is_stopped(app: App) -> None:
    ran = app.run("-q", "run", "--", sys.executable, "-c", LEAVES_PROGRAMS)
    assert app.leftovers() == []
    os.kill(int(ran.stdout), signal.SIGKILL)  # it runs


def test_a_run_inside_a_run_that_was_killed_does_not_end_itself(app: App) -> None:
    words = f"kill -9 $PPID; sleep 0.3; {sys.executable} -m tdmvc -q run -- echo inner; echo shell goes on"
    process = app.start("-q", "run", "--", "sh", "-c", words, start_new_session=True)
    assert process.communicate(timeout=60)[0] == "inner\nshell goes on\n"
    app.report("true")
    assert app.leftovers() == []


# Services.


def test_services_are_ready_before_the_command_and_are_told_to_the_next_one(app: App) -> None:
    app.configure(
        CONFIG
        + SERVICE
        + """\
      worker:
        command: "echo working for $WEB on $SHOP_FILE; exec sleep 60"
        ready: "log:working for http"
"""
    )
    fetch = "import os, urllib.request as r; print(r.urlopen(os.environ['WEB']).status)"
    assert app.run("-q", "run", "--", sys.executable, "-c", fetch).stdout == "200\n"
    assert app.leftovers() == []


@pytest.mark.parametrize(
    ("service", "says"),
    [
        ("{command: 'echo broken; exit 3'}", "ended with exit code 3: broken"),
        ("{command: 'sleep 60', ready: 'tcp:{port}', start_seconds: 1}", "is not ready after 1 seconds"),
        ("{command: 'no-such-command-here', ready: 'tcp:{port}'}", "ended with exit code 127"),
    ],
)
def test_a_service_that_does_not_start_is_reported_with_its_log(app: App, service: str, says: str) -> None:
    app.configure(CONFIG + f"    services: {{queue: {service}}}\n")
    ran = app.run("run", "--", "sleep", "60", code=7)
    assert says in ran.stderr
    assert app.leftovers() == []


def test_a_port_that_another_program_uses_is_named(app: App) -> None:

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        app.configure(CONFIG + f"    services: {{web: {{command: sleep 60, ready: 'tcp:{port}'}}}}\n")
        assert f"Another program uses port {port}" in app.run("run", "--", "true", code=7).stderr


def test_a_service_that_ends_while_the_command_runs_is_told_at_once(app: App) -> None:
    app.configure(CONFIG + "    services: {queue: {command: 'echo full; sleep 0.3; exit 3'}}\n")
    ran = app.run("run", "--format", "json", "--", "sleep", "1")
    assert "warning: The service queue ended with exit code 3: full" in ran.stderr
    assert json.loads(ran.stdout)["notes"] == ["The service queue ended with exit code 3: full"]


# up, down, reset, env.


def test_an_environment_goes_on_until_it_is_stopped(app: App) -> None:
    assert app.document("environments", "env")["environments"][0]["running"] == []
    started = app.document("up", "up")
    kept = started["environment"]
    assert started["status"] == "started"
    assert ask(kept, "SELECT count(*) FROM customers") == [(2,)]
    assert app.document("up", "up")["status"] == "running"
    assert app.document("environments", "env")["environments"][0]["running"] == [kept]

    change(kept, "DELETE FROM customers")
    assert app.document("reset", "reset")["method"] != "nothing"
    assert ask(kept, "SELECT count(*) FROM customers") == [(2,)]
    assert app.document("reset", "reset", "local")["name"] == "local"

    shown = app.document("environment", "env", "show")
    assert "exports" not in shown
    assert "SHOP_FILE" in shown["variables"]
    lines = app.run("env", "show", "local", "--exports").stdout
    printed = subprocess.run(
        ["sh", "-c", f"{lines}\necho $SHOP_FILE"], capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == kept["database"]
    exports = app.document("environment", "env", "show", "--exports")["exports"]
    assert shlex.quote(exports["SHOP_FILE"]) in lines

    assert app.document("down", "down")["stopped"] == ["local"]
    assert app.leftovers() == []
    assert "tdmvc up" in app.run("reset", code=3).stderr


def test_up_says_what_changed_since_and_renews(app: App) -> None:
    app.run("up")
    (app.root / "migrations" / "0003_more.sql").write_text("CREATE TABLE more (id INTEGER PRIMARY KEY);")
    outdated = app.document("up", "up")
    assert (outdated["status"], outdated["changed"]) == ("outdated", ["schema"])
    assert "tdmvc up local --renew" in app.run("up").stdout
    renewed = app.document("up", "up", "--renew")
    assert renewed["status"] == "renewed"
    assert ask(renewed["environment"], "SELECT count(*) FROM more") == [(0,)]


def test_what_fails_in_the_background_is_the_error_of_up(app: App) -> None:
    app.configure(CONFIG + "    migrate: exit 9\n")
    ran = app.run("up", code=7)
    assert "ended with exit code 9" in ran.stderr
    assert app.document("environments", "env")["environments"][0]["running"] == []
    assert app.leftovers() == []


def test_an_interrupt_of_up_leaves_nothing(app: App) -> None:
    mark = app.root.parent / "migrating"
    app.configure(CONFIG + f"    migrate: touch {mark}; sleep 600\n")
    process = app.start("up", start_new_session=True)
    while not mark.exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert app.records == []
    assert app.leftovers() == []


def test_a_kept_environment_can_be_used_and_stopped(app: App) -> None:
    ran = app.run("run", "--keep", "--", sys.executable, "-c", COUNT)
    assert ran.stdout == "2\n"
    assert "tdmvc down local" in ran.stderr
    [kept] = app.document("environments", "env")["environments"][0]["running"]
    assert ask(kept, "SELECT count(*) FROM orders") == [(1,)]
    second = app.report("true", options=("--keep",))["kept"]
    assert second["name"] == "local-2"
    assert app.document("down", "down", "--all")["stopped"] == ["local", "local-2"]
    assert app.leftovers() == []


DAMAGE: list[Callable[[Path], object]] = [
    lambda record: record.write_bytes(b""),
    lambda record: record.write_bytes(b"\xff{"),
    lambda record: record.write_text("[]"),
    lambda record: (record.unlink(), record.symlink_to("/etc/hostname")),
]


def test_a_damaged_record_of_an_environment_is_written_again(app: App) -> None:
    kept = app.document("up", "up")["environment"]
    [record] = app.records
    whole = record.read_text()
    for damage in DAMAGE:
        damage(record)
        assert app.document("up", "up")["environment"] == kept
        assert record.read_text() == whole
        assert not record.is_symlink()
    with subprocess.Popen(["sleep", "60"]) as other:
        record.write_text(whole.replace(f'"process": {kept["process"]}', f'"process": {other.pid}'))
        app.run("down")
        assert other.poll() is None
        other.kill()
    assert app.leftovers() == []


def test_a_record_that_another_version_wrote_does_not_stop_up_or_down(app: App) -> None:
    held = app.root / ".dvc" / "tmp" / "tdmvc" / "environments" / "local.lock"
    held.parent.mkdir(parents=True)
    record = held.with_suffix(".json")
    record.write_text("{}")
    hold = (
        "import os, sys, time, filelock\nwith filelock.FileLock(sys.argv[1]):\n print()\n"
        " while os.path.exists(sys.argv[2]): time.sleep(.1)"
    )
    words = [sys.executable, "-c", hold, held, record]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert "cannot be read; it is stopped" in app.run("up").stderr
        assert other.wait(10) == 0


def test_what_a_killed_keeper_left_is_removed_by_down(app: App) -> None:
    app.configure(CONFIG + SERVICE)
    kept = app.document("up", "up")["environment"]
    os.kill(kept["process"], signal.SIGKILL)
    assert app.document("down", "down")["cleaned"] == ["local"]
    assert app.processes() == []


def test_an_environment_whose_up_was_killed_is_found_once_it_is_ready(app: App) -> None:
    mark = app.root.parent / "starting"
    app.configure(
        CONFIG
        + f"    services: {{slow: {{command: 'touch {mark}; sleep 1; echo go; sleep 600', ready: 'log:go'}}}}\n"
    )
    process = app.start("up", start_new_session=True)
    while not mark.exists():
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert app.document("up", "up")["status"] == "running"
    assert app.document("down", "down")["stopped"] == ["local"]
    assert app.leftovers() == []


def test_only_this_user_can_read_the_passwords_of_an_environment(app: App) -> None:
    app.run("up")
    folder = app.root / ".dvc" / "tmp" / "tdmvc" / "environments"
    assert [(path.name, path.stat().st_mode & 0o077) for path in app.records] == [("local.json", 0)]
    assert (folder / "local.log").stat().st_mode & 0o077 == 0


def test_templates_are_listed_and_removed_unless_a_run_uses_them(app: App) -> None:
    app.report("true")
    [template] = app.document("templates", "gc", "--templates")["templates"]
    assert (template["label"], template["is_old"]) == ("golden", False)
    assert app.document("templates", "gc", "--templates", "--apply")["removed_bytes"] == 0
    app.run("up")
    assert app.document("templates", "gc", "--templates", "--grace", "0", "--apply")["removed_bytes"] == 0
    app.run("down")
    removed = app.document("templates", "gc", "--templates", "--grace", "0", "--apply")
    assert removed["removed_bytes"] == template["size_bytes"]
    assert app.document("templates", "gc", "--templates")["templates"] == []
    assert steps(app.report("true"))["migrate"] == "done"
    assert "takes no option" in app.run("gc", "--templates", "--alone", code=2).stderr


def test_the_command_runs_in_the_folder_of_C(app: App) -> None:
    (app.root / "src").mkdir()
    (app.root / "src" / "show").symlink_to("/bin/pwd")
    assert app.run("-q", "-C", "src", "run", "--", "./show").stdout.strip() == str(app.root / "src")
    assert "There is no program './show'" in app.run("run", "--", "./show", code=2).stderr


def test_the_command_owns_the_terminal_and_gets_ctrl_c_once(app: App) -> None:
    script = "trap 'echo told' INT; echo ready; cat"
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tdmvc", "-q", "run", "--", "sh", "-c", script],
        cwd=app.root,
        env=app.environ,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        # The new session takes the terminal as its own.
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(terminal)
    seen = b""
    while b"ready" not in seen:
        seen += os.read(controller, 1024)
    os.write(controller, b"typed\n")
    while seen.count(b"typed") < 2:
        seen += os.read(controller, 1024)
    os.write(controller, b"\x03")
    with contextlib.suppress(OSError):
        while more := os.read(controller, 1024):
            seen += more
    # The interrupt ends `cat`, and the shell goes on after its trap.
    assert process.wait(30) == 130
    assert seen.count(b"told") == 1
    assert app.leftovers() == []
