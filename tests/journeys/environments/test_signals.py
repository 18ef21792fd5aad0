"""Signals, interrupts and kills of `tdmvc run`: the command gets them once, and nothing is left."""

import contextlib
import fcntl
import os
import pty
import shlex
import signal
import subprocess
import sys
import termios
import time

import pytest

from tests.journeys.environments.application import (
    CONFIG,
    App,
    running,
)


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
