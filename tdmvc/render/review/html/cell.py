"""One cell of a grid: a value, or the old above the new with the differences marked."""

from html import escape

from tdmvc.model.diff import CellChange
from tdmvc.render.cells import cell_text, change_texts, masked_text
from tdmvc.render.review.html.full_value import full_value, is_long
from tdmvc.render.review.html.markup import Html
from tdmvc.render.review.html.tree_diff import Absent, path_changes, side_text
from tdmvc.render.review.html.word_diff import marked, word_runs

_MOST_PATHS = 12


def value_cell(value: object, *, is_personal: bool, has_full: bool = False) -> Html:
    """Return the value as markup; NULL, `''` and masks are in `<i>`.

    Args:
        has_full: Whether a long value can be unfolded.
    """
    if is_personal:
        return _set_apart(masked_text(value))
    shown = cell_text(value)
    short = _set_apart(shown) if value is None or value == "" else Html(escape(shown))
    return Html(short + full_value(("", value))) if has_full and is_long(value) else short


def change_cell(cell: CellChange, *, is_personal: bool, has_full: bool = False) -> Html:
    """Return both values, one above the other; for nested values the paths that differ, for long texts the words.

    Args:
        has_full: Whether long values can be unfolded.
    """
    if is_personal:
        return _pair(_set_apart(masked_text(cell.old)), _set_apart(masked_text(cell.new)))
    short = _short_change(cell)
    if has_full and (is_long(cell.old) or is_long(cell.new)):
        return Html(short + full_value(("old", cell.old), ("new", cell.new)))
    return short


def _short_change(cell: CellChange) -> Html:
    tree = _tree_cell(cell.old, cell.new)
    if tree is not None:
        return tree
    if isinstance(cell.old, str) and isinstance(cell.new, str):
        runs = word_runs(cell.old, cell.new)
        if runs is not None:
            return _pair(marked(runs[0]), marked(runs[1]))
    old, new = change_texts(cell.old, cell.new)
    return _pair(_side(cell.old, old), _side(cell.new, new))


def _tree_cell(old: object, new: object) -> Html | None:
    found = path_changes(old, new, _MOST_PATHS)
    if found is None:
        return None
    changes, has_more = found
    items = [
        f"<li><code>{escape(change.path)}</code> {_pair(_path_side(change.old), _path_side(change.new))}</li>"
        for change in changes
    ]
    if has_more:
        items.append("<li><i>… and more paths</i></li>")
    return Html(f'<ul class="tree">{"".join(items)}</ul>')


def _path_side(value: object) -> Html:
    shown = side_text(value)
    return _set_apart(shown) if value is Absent.ABSENT else _side(value, shown)


def _side(value: object, shown: str) -> Html:
    return _set_apart(shown) if value is None or value == "" else Html(escape(shown))


def _pair(old: Html, new: Html) -> Html:
    return Html(f"<del>{old}</del><ins>{new}</ins>")


def _set_apart(shown: str) -> Html:
    return Html(f"<i>{escape(shown)}</i>")
