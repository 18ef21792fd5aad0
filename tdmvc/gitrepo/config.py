"""The Git settings that make a clone show and merge rows, and that still work if tdmvc is uninstalled."""

import shlex
import sys
from pathlib import Path

from tdmvc.errors import UsageError
from tdmvc.gitrepo.commands import GitFailure
from tdmvc.gitrepo.repository import GitRepo

DRIVER = "tdmvc"
_OWN = "-m tdmvc git-"
_CONSTANT = {
    f"diff.{DRIVER}.cachetextconv": "false",
    f"diff.{DRIVER}.xfuncname": "^# (table .*)$",
    f"merge.{DRIVER}.name": "tdmvc merges rows",
}
"""No cache: what is masked today may have been shown yesterday. Hunks are headed by the table's name."""
_COMMAND, _TEXTCONV = f"diff.{DRIVER}.command", f"diff.{DRIVER}.textconv"
_MERGE = f"merge.{DRIVER}.driver"
SETTINGS = (_COMMAND, _TEXTCONV, _MERGE, *_CONSTANT)


def wanted_settings(interpreter: str = sys.executable) -> dict[str, str]:
    """Return the settings of the diff driver and of the merge driver, by name.

    Git hands the values to a POSIX shell, on Windows to its own; there a path with
    forward slashes is understood by both. A shell function looks whether the
    interpreter is still there, because Git would stop at a text conversion that fails.
    `-P` keeps Python from importing files of the repository.

    tdmvc ends with 0 if it merged, and with 4 if it left a conflict. Whatever else it ends
    with (1, where Python does not find it; a signal), Git's own merge of the texts follows, but
    for a conflict that was written before: a merge of that would take its markers for text.
    Existing markers are Git's own: it also runs drivers to replay resolutions that it recorded.
    """
    if not interpreter:
        raise UsageError(
            "Python does not know the path of its own interpreter, so Git cannot be configured to run it.",
            remedy="run tdmvc from a virtual environment, or from pipx or uv.",
        )
    python = shlex.quote(Path(interpreter).as_posix())
    start = f"[ -x {python} ] && {python} -P {_OWN}"
    marks = 'grep -c "^<<<<<<<" "$2"'
    plain = 'git --no-pager diff --no-index --no-ext-diff --no-textconv -- "$2" "$5"'
    return {
        _COMMAND: f'f() {{ if {start}diff -- "$@"; then :; '
        f'elif [ $# -lt 7 ]; then echo "* Unmerged path $1"; else {plain}; :; fi; }}; f',
        _TEXTCONV: f'f() {{ {start}textconv -- "$1" || cat <"$1"; }}; f',
        # Git takes a percent sign for a placeholder of its own here.
        _MERGE: f'f() {{ n=$({marks}); if {start.replace("%", "%%")}merge -- "$@"; then return 0; '
        f'elif [ $? -eq 4 ] || [ "$({marks})" != "$n" ]; then return 1; fi; '
        'git merge-file -q --marker-size="$4" -L ours -L base -L theirs "$2" "$1" "$3"; }; '
        "f %O %A %B %L %P %S %X %Y",
        **_CONSTANT,
    }


def write_settings(git: GitRepo, wanted: dict[str, str]) -> tuple[str, ...]:
    """Write the settings into the clone's configuration; return those that changed.

    Raises:
        UsageError: another tool has made a setting of that name; nothing was written.
    """
    present = {name: read_setting(git, name) for name in wanted}
    for name, value in present.items():
        if value and not _is_own(name, value):
            raise UsageError(
                f"Git's setting {name} was made by another tool, so it was not changed.",
                where=f"{git.root}: git config --local {name}",
                remedy=f"if nothing needs it, run `git config --local --unset-all {name}`, "
                "then run the same command again.",
            )
    changed = [name for name, value in wanted.items() if present[name] != (value,)]
    for name in changed:
        _write(git, "--replace-all", name, wanted[name])
    return tuple(changed)


def remove_settings(git: GitRepo) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Remove the settings; return which were removed, and which another tool has made and stay."""
    present = {name: value for name in SETTINGS if (value := read_setting(git, name))}
    kept = tuple(name for name, value in present.items() if not _is_own(name, value))
    removed = tuple(name for name in present if name not in kept)
    for name in removed:
        _write(git, "--unset-all", name)
    return removed, kept


def read_setting(git: GitRepo, name: str) -> tuple[str, ...]:
    """Return the values of a setting in the clone's configuration, which all its work trees share."""
    found = git.commands.try_run("config", "--local", "--null", "--get-all", name)
    return tuple(found.removesuffix("\0").split("\0")) if found is not None else ()


def _write(git: GitRepo, *words: str) -> None:
    try:
        git.commands.run("config", "--local", *words)
    except GitFailure as error:
        # With --local, Git does not say that it distrusts the folder, so ask it without.
        git.commands.try_run("rev-parse", "--git-dir")
        raise UsageError(
            f"Git cannot write this clone's configuration: {error.why}",
            where=str(git.root),
            remedy="correct what Git reports, then run the same command again.",
        ) from None


def _is_own(name: str, values: tuple[str, ...]) -> bool:
    if name in _CONSTANT:
        return values == (_CONSTANT[name],)
    return all(_OWN in value for value in values)
