"""Long output on a terminal goes through a pager, which may be chosen, left early, or missing."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tdmvc.cli.options import Settings
from tdmvc.cli.pager import find_pager, page
from tests.builders import Tdmvc

VARIABLES = ("TDMVC_PAGER", "GIT_PAGER", "PAGER", "LESS", "CI", "COLUMNS", "NO_COLOR")
LONG = ("help",)
"""More than a screen, and a fifth of the cost of a command that reads rows; one test has a table, another a review."""
ROWS = ("sql", "select 'row ' || range as row from range(500)")
FIRST, LAST = "Usage: tdmvc", "a bug in tdmvc"


class Terminal:
    """One run of tdmvc on a pseudo-terminal."""

    def __init__(self, *words: str, folder: Path, **environment: str) -> None:
        env = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tdmvc", *words],
            cwd=folder,
            env={**env, "TERM": "xterm", **environment},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            # The terminal of the session, so that Ctrl-C reaches everybody in it.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.text = ""

    def read_until(self, part: str, seconds: float = 30) -> None:
        """Read what appears on the screen until a text is there."""
        end = time.monotonic() + seconds
        while part not in self.text:
            assert time.monotonic() < end, self.text
            self._read(0.1)

    def press(self, keys: str) -> None:
        with suppress(OSError):  # the other end is closed
            os.write(self._master, keys.encode())

    def leave(self, keys: str = "") -> int:
        """Press keys until the program ends, read the rest, and return the exit code."""
        while self.process.poll() is None:
            if keys:  # `less` drops a key that arrives while it draws the screen again after Ctrl-C
                self.press(keys)
            self._read(0.1)
        while self._read(0):
            pass
        os.close(self._master)
        return self.process.returncode

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], seconds)
        try:
            chunk = os.read(self._master, 65536) if ready else b""
        except OSError:  # the other end is closed
            return False
        self.text += chunk.decode("utf-8", "replace")
        return bool(chunk)


@pytest.fixture
def terminal(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Terminal]:
    (repo / "datasets").mkdir(exist_ok=True)
    return lambda *words, **environment: Terminal(*words, folder=repo, **environment)


def test_long_output_goes_through_the_pager_of_the_first_variable_that_is_set(
    terminal: Callable[..., Terminal],
) -> None:
    run = terminal(*ROWS, TDMVC_PAGER="sed 's/^/mine: /'", GIT_PAGER="false", PAGER="false")
    assert run.leave() == 0
    assert "mine: row 499" in run.text
    run = terminal(*LONG, GIT_PAGER="sed 's/^/git: /'", PAGER="false")
    assert run.leave() == 0
    assert f"git: {FIRST}" in run.text


def test_a_review_goes_through_the_pager_too(terminal: Callable[..., Terminal]) -> None:
    run = terminal("review", "main", TDMVC_PAGER="sed 's/^/mine: /'")
    assert run.leave() == 0
    assert "mine: " in run.text


def test_less_starts_with_the_settings_of_git_unless_you_have_your_own(
    terminal: Callable[..., Terminal],
) -> None:
    run = terminal(*LONG, PAGER='echo "less $LESS"; cat >/dev/null')
    assert run.leave() == 0
    assert "less FRX" in run.text
    run = terminal(*LONG, PAGER='echo "less $LESS"; cat >/dev/null', LESS="-S")
    assert run.leave() == 0
    assert "less -S" in run.text


def test_quitting_less_early_is_no_error(terminal: Callable[..., Terminal]) -> None:
    run = terminal(*LONG)
    run.read_until(FIRST)
    assert run.leave("q") == 0
    assert LAST not in run.text
    assert "Traceback" not in run.text
    assert "error" not in run.text


def test_output_of_one_screen_needs_no_key(terminal: Callable[..., Terminal]) -> None:
    run = terminal("list")
    assert run.leave() == 0
    assert "tdmvc add" in run.text


def test_ctrl_c_belongs_to_the_pager(terminal: Callable[..., Terminal]) -> None:
    run = terminal(*LONG)
    run.read_until(FIRST)
    run.press("\x03")
    time.sleep(0.5)
    assert run.process.poll() is None
    assert run.leave("q") == 0
    assert "Interrupted" not in run.text


def test_the_exit_code_is_the_commands_and_not_the_pagers(
    tdmvc: Tdmvc, repo: Path, terminal: Callable[..., Terminal]
) -> None:
    source = repo.parent / "customers.csv"
    source.write_text("id,name\n1,Ada\n")
    tdmvc("add", "golden", source, "--key", "customers=id")
    run = terminal("diff", "--exit-code", PAGER="cat; exit 3")
    assert run.leave() == 1
    assert "customers" in run.text


def test_no_output_is_lost_if_the_pager_does_not_start(terminal: Callable[..., Terminal]) -> None:
    run = terminal(*LONG, PAGER="no-such-pager")
    assert run.leave() == 0
    assert FIRST in run.text


@pytest.mark.parametrize(
    ("pager", "has_shown"),
    [
        ("cat >/dev/null", True),
        ("no-such-pager", False),
        ("no-such-pager | cat", True),
        ("no-such-pager -x 'y'", False),
        ("false", False),
        ("a'b", False),
        ('"unterminated', False),
    ],
)
def test_whether_a_pager_showed_the_text_is_known(pager: str, has_shown: bool) -> None:
    assert page("answer\n", pager) is has_shown


@pytest.mark.parametrize(
    "words",
    [("--no-pager", *LONG), ("list", "--format", "json"), ("status",)],
    ids=["--no-pager", "JSON", "not a reading command"],
)
def test_some_output_is_never_paged(terminal: Callable[..., Terminal], words: tuple[str, ...]) -> None:
    run = terminal(*words, PAGER="sed 's/^/paged: /'")
    assert run.leave() == 0
    assert "paged: " not in run.text


def test_a_pipe_is_never_paged(repo: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tdmvc", *LONG],
        cwd=repo,
        env={**os.environ, "PAGER": "sed 's/^/paged: /'"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert FIRST in done.stdout
    assert "paged: " not in done.stdout


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "less"),
        ({"PAGER": "most"}, "most"),
        ({"PAGER": "most", "GIT_PAGER": "delta"}, "delta"),
        ({"PAGER": "most", "TDMVC_PAGER": ""}, None),
        ({"PAGER": "cat"}, None),
        ({"TERM": "dumb"}, None),
        ({"CI": "true"}, None),
    ],
)
def test_the_pager_is_chosen_as_git_chooses_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str | None
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert find_pager(Settings()) == expected
    assert find_pager(Settings(has_pager=False)) is None
