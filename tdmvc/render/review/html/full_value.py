"""A long value in full, folded below its short form: text as it is, JSON and nested values as a tree."""

from collections.abc import Iterator
from html import escape
from itertools import islice

from tdmvc.render.cells import CUT, cell_text, nested_text, visible
from tdmvc.render.review.html.markup import Html
from tdmvc.render.review.html.tree_diff import Tree, parse_tree

_MOST_CHARACTERS = 20_000
_MOST_NODES = 1_000
_MOST_BYTES_SHOWN = 16
_DEEPEST = 40


def is_long(value: object) -> bool:
    """Whether the short form of a value leaves something out."""
    match value:
        case str():
            return len(value) > CUT
        case bytes():
            return len(value) > _MOST_BYTES_SHOWN
        case list() | tuple() | dict():
            return len(nested_text(value)) > CUT
    return False


def full_value(*sides: tuple[str, object]) -> Html:
    """Return values to unfold.

    Args:
        sides: A label (`old`, `new`, or none) and its value.
    """
    parts = "".join(f"{_label(label)}{_whole(value)}" for label, value in sides)
    return Html(f'<details class="full"><summary>in full</summary>{parts}</details>')


def _label(label: str) -> str:
    return f"<h5>{escape(label)}</h5>" if label else ""


def _whole(value: object) -> str:
    tree = parse_tree(value)
    if tree is not None:
        lines = list(islice(_tree(tree, 0), _MOST_NODES))
        if len(lines) < _MOST_NODES:
            return f'<ul class="json">{"".join(lines)}</ul>'
    text = (
        f"0x{value.hex()}" if isinstance(value, bytes) else value if isinstance(value, str) else _plain(value)
    )
    left = len(text) - _MOST_CHARACTERS
    note = f"<p><i>… and {left:,} more characters</i></p>" if left > 0 else ""
    # Line ends and tabs are layout here; all else that cannot be seen is shown.
    lines_shown = "\n".join(
        "\t".join(visible(piece) for piece in line.split("\t"))
        for line in text[:_MOST_CHARACTERS].replace("\r\n", "␍␊\n").split("\n")
    )
    return f"<pre>{escape(lines_shown)}</pre>{note}"


def _plain(value: object) -> str:
    return nested_text(value) if isinstance(value, list | tuple | dict) else cell_text(value)


def _tree(tree: Tree, depth: int) -> Iterator[str]:
    """Yield the lines of a tree as list items that open and close themselves."""
    steps = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for name, value in steps:
        label = f"<b>{escape(visible(str(name)))}</b>"
        if isinstance(value, dict | list | tuple) and value and depth < _DEEPEST:
            size = f"{{{len(value)}}}" if isinstance(value, dict) else f"[{len(value)}]"
            yield f"<li><details open><summary>{label} <i>{size}</i></summary><ul>"
            yield from _tree(value if isinstance(value, dict) else list(value), depth + 1)
            yield "</ul></details></li>"
        else:
            shown = visible(value) if isinstance(value, str) else _plain(value)
            quoted = f"'{shown}'" if isinstance(value, str) else shown
            yield f"<li>{label} {escape(quoted)}</li>"
