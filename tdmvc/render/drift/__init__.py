"""The formats of drift."""

from tdmvc.model.migration import DriftReport
from tdmvc.render.drift import github, junit, markdown, terminal
from tdmvc.render.escapes import escape_markup
from tdmvc.render.format import Formats, OutputFormat, formats_of

FORMATS: Formats[DriftReport] = formats_of(
    terminal.render,
    OutputFormat("github", github.render),
    OutputFormat("junit", junit.render, escape=escape_markup),
    OutputFormat("markdown", markdown.render),
)
