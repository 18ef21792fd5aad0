"""`tdmvc git-diff`: the external diff that Git calls for two texts of a pointer."""

import difflib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from tdmvc.actions.pointer_diff import PointerSide, diff_pointers, offline_workspace
from tdmvc.cli.plumbing.git_calls import answer, trace
from tdmvc.errors import StoreError
from tdmvc.render.cells import visible
from tdmvc.render.diff import terminal
from tdmvc.render.format import RenderOptions
from tdmvc.render.terminal import Style

_ABSENT = frozenset({"/dev/null", "nul", "NUL"})
_FULL_WIDTH, _NARROWEST, _WIDEST = 100, 60, 160
_NOT_HERE = (
    "The rows are not in this clone, so the pointers themselves are shown; `tdmvc pull` fetches the current ones,"
    " and `tdmvc diff` fetches what it needs."
)


@click.command(name="git-diff", hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Compare as Git's external diff does: PATH OLD-FILE OLD-HEX OLD-MODE NEW-FILE NEW-HEX NEW-MODE.

    For an unmerged path, there is only PATH; a rename adds the new path and Git's description
    of it. Git would stop at an exit code, so there is none.
    """
    text = f"* Unmerged path {arguments[0]}\n" if len(arguments) < 7 else _diff_text(arguments)
    answer(text)


def _diff_text(arguments: Sequence[str]) -> str:
    new_path = arguments[7] if len(arguments) > 7 else arguments[0]
    old = _read_side(arguments[0], arguments[1], arguments[2])
    new = _read_side(new_path, arguments[4], arguments[5])
    metainfo = [visible(line) for line in (arguments[8] if len(arguments) > 8 else "").split("\n") if line]
    color, lines, note = False, None, ""
    try:
        with offline_workspace() as workspace:
            color = not os.environ.get("NO_COLOR") and workspace.git.wants_color(
                is_terminal=sys.stdout.isatty()
            )
            diff = diff_pointers(workspace, old, new)
            options = RenderOptions(color=color, width=_width())
            lines = terminal.render((diff,), options) if diff is not None else None
    except StoreError as error:
        trace(error)
        note = _NOT_HERE + "\n"
    except Exception as error:
        trace(error)
    title = f"diff --git a/{visible(arguments[0])} b/{visible(new_path)}"
    head = "\n".join(Style(color).bold(line) for line in (title, *metainfo))
    return f"{head}\n{lines or note + _pointer_text(old, new)}"


def _read_side(path: str, file: str, blob: str) -> PointerSide:
    if file in _ABSENT or blob == ".":
        return PointerSide(path, None, "nothing")
    label = "the work tree" if not blob.strip("0") else blob[:7]
    return PointerSide(path, Path(file).read_text(encoding="utf-8-sig", errors="replace"), label)


def _pointer_text(old: PointerSide, new: PointerSide) -> str:
    """Return the difference of the two files as they are."""
    before = f"a/{old.path}" if old.text is not None else "/dev/null"
    after = f"b/{new.path}" if new.text is not None else "/dev/null"
    lines = difflib.unified_diff(
        (old.text or "").splitlines(), (new.text or "").splitlines(), before, after, lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)


def _width() -> int:
    """Return the terminal's width; Git's pager is at standard output, so ask standard error as well."""
    for descriptor in (1, 2):
        if os.isatty(descriptor):
            return max(_NARROWEST, min(_WIDEST, os.get_terminal_size(descriptor).columns))
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((_FULL_WIDTH, 24)).columns))
