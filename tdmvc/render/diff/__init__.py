"""The formats of a diff."""

from collections.abc import Sequence

from tdmvc.model.diff import DatasetDiff
from tdmvc.render.diff import markdown, terminal
from tdmvc.render.format import Formats, OutputFormat, formats_of

FORMATS: Formats[Sequence[DatasetDiff]] = formats_of(
    terminal.render, OutputFormat("markdown", markdown.render)
)
