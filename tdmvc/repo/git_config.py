"""Knows the settings by which a clone's Git asks tdmvc for rows, and still works when tdmvc is gone."""

import shlex
import sys
from pathlib import Path

from tdmvc.errors import UsageError
from tdmvc.repo.git import GitRepo
from tdmvc.repo.git_commands import GitFailure

DRIVER = "tdmvc"
_OWN = "-m tdmvc git-"
_CONSTANT = {
    f"diff.{DRIVER}.cachetextconv": "false",
    f"diff.{DRIVER}.xfuncname": "^# (table .*)$",
}
"""No cache: what is masked today may have been shown yesterday. Hunks are headed by the table's name."""
_COMMAND, _TEXTCONV = f"diff.{DRIVER}.command", f"diff.{DRIVER}.textconv"
SETTINGS = (_COMMAND, _TEXTCONV, *_CONSTANT)


def wanted_settings(interpreter: str = sys.executable) -> dict[str, str]:
    """Return the settings of the diff driver, by name.

    Git hands the values to a POSIX shell, on Windows to its own; there a path with
    forward slashes is understood by both. A shell function looks whether the
    interpreter is still there, because Git would stop at a text conversion that fails.
    `-P` keeps Python from importing what lies in the repository.
    """
    if not interpreter:
        raise UsageError(
            "Python does not know where its own interpreter lies, so Git cannot be told.",
            remedy="run tdmvc from a virtual environment, or from pipx or uv.",
        )
    python = shlex.quote(Path(interpreter).as_posix())
    start = f"[ -x {python} ] && {python} -P {_OWN}"
    plain = 'git --no-pager diff --no-index --no-ext-diff --no-textconv -- "$2" "$5"'
    return {
        _COMMAND: f'f() {{ if {start}diff -- "$@"; then :; '
        f'elif [ $# -lt 7 ]; then echo "* Unmerged path $1"; else {plain}; :; fi; }}; f',
        _TEXTCONV: f'f() {{ {start}textconv -- "$1" || cat <"$1"; }}; f',
        **_CONSTANT,
    }


def write_settings(git: GitRepo, wanted: dict[str, str]) -> tuple[str, ...]:
    """Write the settings into the clone's own configuration; return those that were not so before.

    Raises:
        UsageError: a setting of that name is somebody else's; nothing was written.
    """
    present = {name: read_setting(git, name) for name in wanted}
    for name, value in present.items():
        if value and not _is_own(name, value):
            raise UsageError(
                f"Git's setting {name} is somebody else's, so it was left as it is.",
                where=f"{git.root}: git config --local {name}",
                remedy=f"if nobody needs it, run `git config --local --unset-all {name}`, "
                "then the same command again.",
            )
    changed = [name for name, value in wanted.items() if present[name] != (value,)]
    for name in changed:
        _write(git, "--replace-all", name, wanted[name])
    return tuple(changed)


def remove_settings(git: GitRepo) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Remove the settings; return which were removed, and which are somebody else's and stay."""
    present = {name: value for name in SETTINGS if (value := read_setting(git, name))}
    kept = tuple(name for name, value in present.items() if not _is_own(name, value))
    removed = tuple(name for name in present if name not in kept)
    for name in removed:
        _write(git, "--unset-all", name)
    return removed, kept


def read_setting(git: GitRepo, name: str) -> tuple[str, ...]:
    """Return the values that the clone's own configuration has for a setting; all its work trees share it."""
    found = git.commands.try_run("config", "--local", "--null", "--get-all", name)
    return tuple(found.removesuffix("\0").split("\0")) if found is not None else ()


def _write(git: GitRepo, *words: str) -> None:
    try:
        git.commands.run("config", "--local", *words)
    except GitFailure as error:
        raise UsageError(
            f"Git cannot write this clone's configuration: {error.why}",
            where=str(git.root),
            remedy="mend what Git says, then run the same command again.",
        ) from None


def _is_own(name: str, values: tuple[str, ...]) -> bool:
    if name in _CONSTANT:
        return values == (_CONSTANT[name],)
    return all(_OWN in value for value in values)
