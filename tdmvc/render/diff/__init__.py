"""The formats of a diff."""

from collections.abc import Sequence

from tdmvc.model.diff import DatasetDiff
from tdmvc.render.format import FormatEntry, Formats, RenderOptions, formats_of, json_text


def _terminal(diffs: Sequence[DatasetDiff], options: RenderOptions) -> str:
    from tdmvc.render.diff.terminal import render_diff

    if not diffs:
        return "There are no datasets yet. Next: tdmvc add golden SOURCE\n"
    return "\n\n".join(render_diff(diff, color=options.color, width=options.width) for diff in diffs)


def _json(diffs: Sequence[DatasetDiff], options: RenderOptions) -> str:
    """One dataset is one document; several are a list of them."""
    from tdmvc.render.documents import document

    documents = [document(diff) for diff in diffs]
    return json_text(documents[0] if len(documents) == 1 else documents)


FORMATS: Formats[Sequence[DatasetDiff]] = formats_of(_terminal, FormatEntry("json", _json))
