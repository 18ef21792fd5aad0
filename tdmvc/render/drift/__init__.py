"""The formats of drift."""

from tdmvc.model.migration import DriftReport
from tdmvc.render.drift import github, junit, markdown, terminal
from tdmvc.render.escapes import escape_markup
from tdmvc.render.format import Format, Formats, formats_of

FORMATS: Formats[DriftReport] = formats_of(
    terminal.render,
    Format("github", github.render),
    Format("junit", junit.render, escape=escape_markup),
    Format("markdown", markdown.render),
)
