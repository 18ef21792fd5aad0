"""Environments that keep running: `up`, `down`, `reset`, `env`, `run --keep` and `gc --templates`."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.journeys.environments.application import (
    CONFIG,
    COUNT,
    SERVICE,
    App,
    ask,
    change,
    steps,
)


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


def test_of_three_at_once_one_starts_it_and_the_others_find_it(app: App) -> None:
    app.configure(CONFIG + "    migrate: ''\n    datasets: []\n")
    processes = [app.start("up", "--format", "json", start_new_session=True) for _ in range(3)]
    ends = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    documents = [json.loads(output) for output, _ in ends]
    assert sorted(one["status"] for one in documents) == ["running", "running", "started"]
    assert documents[0]["environment"] == documents[1]["environment"] == documents[2]["environment"]
    waited = {
        one["status"]
        for one, (_, said) in zip(documents, ends, strict=True)
        if "Another tdmvc process" in said
    }
    # A process that waits for less than a second says nothing.
    assert waited <= {"running"}
    assert app.document("down", "down", "--all")["stopped"] == ["local"]
    assert app.leftovers() == []


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
    held = app.root / ".git" / "tdmvc" / "environments" / "local.lock"
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
    folder = app.root / ".git" / "tdmvc" / "environments"
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
