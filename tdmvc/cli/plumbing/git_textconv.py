"""`tdmvc git-textconv`: what Git asks for before it compares a pointer line by line."""

from pathlib import Path

import click

from tdmvc.cli.plumbing.git_calls import answer, trace


@click.command(name="git-textconv", hidden=True)
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Print the rows that the pointer in FILE names, or FILE itself where they are not to be had.

    Git would stop at an exit code, and a complaint would stand between the lines of its
    pager, so what goes wrong is told with GIT_TRACE=1 only.
    """
    data = file.read_bytes()
    answer(_rows_text(data) or data)


def _rows_text(data: bytes) -> str | None:
    if b".dir" not in data:
        return None  # a file of DVC, but of no folder: that costs no import
    try:
        # Late, for the same reason.
        from tdmvc.merging.pointer_rows import read_contents
        from tdmvc.render.table_text import render_conflict, render_table

        tables = read_contents(data.decode("utf-8-sig"))
        if not tables:
            return None
        return render_table(tables[0]) if len(tables) == 1 else render_conflict(tables[0], tables[1])
    except Exception as error:
        trace(error)
        return None
