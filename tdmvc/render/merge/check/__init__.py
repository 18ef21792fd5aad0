"""The formats of what a merge would break."""

from tdmvc.model.merge_report import MergeCheck
from tdmvc.render.escapes import escape_markup
from tdmvc.render.format import Formats, OutputFormat, formats_of
from tdmvc.render.merge.check import github, junit, markdown, terminal

FORMATS: Formats[MergeCheck] = formats_of(
    terminal.render,
    OutputFormat("github", github.render),
    OutputFormat("junit", junit.render, escape=escape_markup),
    OutputFormat("markdown", markdown.render),
)
