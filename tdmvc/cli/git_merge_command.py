"""`tdmvc git-merge`: what Git calls to merge three texts of a file that tdmvc knows."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from tdmvc.cli.git_calls import trace
from tdmvc.errors import TdmvcError
from tdmvc.model.merge import Side

_CLEAN, _CONFLICT, _TEXT = 0, 1, 2


@click.command(name="git-merge", hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(context: click.Context, words: tuple[str, ...]) -> None:
    """Merge as Git's merge driver does: BASE OURS THEIRS MARKER-SIZE PATH [LABELS].

    The result goes into OURS. Ends with 0, with 1 where a conflict is left, and with
    another code where Git is to merge the texts, as `tdmvc install` tells it.
    """
    context.exit(_merge(words) if len(words) >= 5 else _TEXT)


def _merge(words: Sequence[str]) -> int:
    texts = dict(zip((Side.BASE, Side.OURS, Side.THEIRS), map(_read, words[:3]), strict=True))
    if any(b".dir" not in data for side, data in texts.items() if data or side is not Side.BASE):
        return _TEXT  # a file of DVC, but of no folder: that costs no import
    try:
        return _merge_pointers(words, {side: data.decode("utf-8-sig") for side, data in texts.items()})
    except TdmvcError as error:
        click.echo(f"tdmvc merged no rows of {words[4]}: {error.message}", err=True)
        return _TEXT
    except Exception as error:
        trace(error)
        return _TEXT


def _merge_pointers(words: Sequence[str], texts: dict[Side, str]) -> int:
    # Late, for the same reason.
    from tdmvc.actions.pointer_merge import (
        merge_pointers,
        merging_workspace,
        write_conflict_beside,
        write_result,
    )
    from tdmvc.render.merge_wording import pointer_merge_line

    path = words[4]
    with merging_workspace() as workspace:
        done = merge_pointers(workspace, path, texts, _labels(words[5:8]), marker_size=int(words[3]))
        if done is None:
            return _TEXT
        write_conflict_beside(workspace, done)
        write_result(Path(words[1]), done)
        if workspace.git.holds_index:
            # A merge in memory is asked by a program, which has no use for this.
            click.echo(pointer_merge_line(done.unmerged, done.merge, done.problem), err=True)
    return _CONFLICT if done.has_conflict else _CLEAN


def _read(path: str) -> bytes:
    return Path(path).read_bytes()


def _labels(words: Sequence[str]) -> dict[Side, str]:
    """Return what Git calls the sides; one that is too old to say leaves its placeholders as they are."""
    named = zip((Side.BASE, Side.OURS, Side.THEIRS), words, strict=False)
    labels = {side: word for side, word in named if word and not word.startswith("%")}
    # `git merge` has always told it so.
    heads = [name for key, name in os.environ.items() if key.startswith("GITHEAD_")]
    if Side.THEIRS not in labels and len(heads) == 1:
        labels |= {Side.OURS: "HEAD", Side.THEIRS: heads[0]}
    return labels
