"""The formats of what a merge would break."""

from tdmvc.model.merge_report import MergeCheck
from tdmvc.render.escapes import escape_markup
from tdmvc.render.format import Format, Formats, formats_of
from tdmvc.render.merge.check import github, junit, markdown, terminal

FORMATS: Formats[MergeCheck] = formats_of(
    terminal.render,
    Format("github", github.render),
    Format("junit", junit.render, escape=escape_markup),
    Format("markdown", markdown.render),
)
