"""The formats of what a merge would break."""

from tdmvc.model.merge_report import MergeCheck
from tdmvc.render.format import Format, Formats, formats_of
from tdmvc.render.merge.check import github, junit, markdown, terminal

FORMATS: Formats[MergeCheck] = formats_of(
    terminal.render,
    Format("github", github.render),
    Format("junit", junit.render),
    Format("markdown", markdown.render),
)
