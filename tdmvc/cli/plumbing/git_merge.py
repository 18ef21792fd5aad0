"""`tdmvc git-merge`: the merge driver that Git calls for pointers and manifests."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from tdmvc.actions.git_merge import (
    is_manifest,
    merge_manifest_texts,
    merge_pointers,
    write_conflict_beside,
    write_result,
)
from tdmvc.cli.messages import error_text, message_line, print_message
from tdmvc.cli.plumbing.git_calls import trace
from tdmvc.errors import TdmvcError
from tdmvc.model.merge import Side
from tdmvc.render.merge.wording import manifest_merge_lines, pointer_merge_line
from tdmvc.workspace.workspace import Workspace

_CLEAN, _CONFLICT, _TEXT = 0, 4, 2
_SIDES = (Side.BASE, Side.OURS, Side.THEIRS)


@click.command(name="git-merge", hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(context: click.Context, arguments: tuple[str, ...]) -> None:
    """Merge as Git's merge driver does: BASE OURS THEIRS MARKER-SIZE PATH [LABELS].

    Writes the result to OURS. Exits with 0, with 4 if a conflict is left, and with
    another code if Git should merge the texts itself, as `tdmvc install` configures it.
    """
    context.exit(_merge(arguments) if len(arguments) >= 5 else _TEXT)


def _merge(arguments: Sequence[str]) -> int:
    texts = {side: Path(word).read_bytes() for side, word in zip(_SIDES, arguments[:3], strict=True)}
    is_entries = is_manifest(arguments[4])
    if not is_entries and any(
        b".dir" not in data for side, data in texts.items() if data or side != Side.BASE
    ):
        return _TEXT  # a .dvc file of a single file, and so not of a table
    try:
        merge = _merge_manifest if is_entries else _merge_pointer
        return merge(arguments, texts)
    except TdmvcError as error:
        place = message_line(arguments[4])
        print_message(f"tdmvc left {place} to Git's line merge: {error_text(error)}")
        return _TEXT
    except Exception as error:
        trace(error)
        return _TEXT


def _merge_pointer(arguments: Sequence[str], data: dict[Side, bytes]) -> int:
    texts = {side: one.decode("utf-8-sig") for side, one in data.items()}
    with Workspace.open(recover=False) as workspace:
        done = merge_pointers(
            workspace, arguments[4], texts, _labels(arguments[5:8]), marker_size=int(arguments[3])
        )
        if done is None:
            return _TEXT
        write_conflict_beside(workspace, done)
        if workspace.git.holds_index:
            # Programs that merge in memory do not need this.
            click.echo(pointer_merge_line(done.unmerged, done.merge, done.problem), err=True)
        # Last, so that an earlier failure leaves Git its own text to merge.
        write_result(Path(arguments[1]), done.text)
    return _CONFLICT if done.has_conflict else _CLEAN


def _merge_manifest(arguments: Sequence[str], data: dict[Side, bytes]) -> int:
    # A byte order mark is kept by the merge itself.
    texts = {side: one.decode("utf-8") for side, one in data.items()}
    with Workspace.open(recover=False) as workspace:
        merged = merge_manifest_texts(
            workspace, arguments[4], texts, _labels(arguments[5:8]), marker_size=int(arguments[3])
        )
        if merged is None or merged.text is None:
            return _TEXT
        if merged.conflicts and workspace.git.holds_index:
            click.echo(manifest_merge_lines(arguments[4], merged.conflicts), err=True)
        write_result(Path(arguments[1]), merged.text)
    return _CONFLICT if merged.conflicts else _CLEAN


def _labels(arguments: Sequence[str]) -> dict[Side, str]:
    """Return Git's names of the sides; an old Git leaves the placeholders as they are."""
    labels = {
        side: word for side, word in zip(_SIDES, arguments, strict=False) if word and not word.startswith("%")
    }
    # `git merge` has always set these variables.
    heads = [name for key, name in os.environ.items() if key.startswith("GITHEAD_")]
    if Side.THEIRS not in labels and len(heads) == 1:
        labels |= {Side.OURS: "HEAD", Side.THEIRS: heads[0]}
    return labels
