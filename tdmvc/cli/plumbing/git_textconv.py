"""`tdmvc git-textconv`: gives Git the rows of a pointer as lines of text."""

from pathlib import Path

import click

from tdmvc.actions.show_pointer import read_contents
from tdmvc.cli.plumbing.git_calls import answer, trace
from tdmvc.render.table_text import render_conflict, render_table


@click.command(name="git-textconv", hidden=True)
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Print the rows that the pointer in FILE names, or FILE itself if they are not available.

    Git would stop at an exit code, and an error message would get between the lines of
    its pager, so errors are reported only if GIT_TRACE is set.
    """
    data = file.read_bytes()
    answer(_rows_text(data) or data)


def _rows_text(data: bytes) -> str | None:
    if b".dir" not in data:
        return None  # a .dvc file of a single file, and so not of a table
    try:
        tables = read_contents(data.decode("utf-8-sig"))
        if not tables:
            return None
        return render_table(tables[0]) if len(tables) == 1 else render_conflict(tables[0], tables[1])
    except Exception as error:
        trace(error)
        return None
