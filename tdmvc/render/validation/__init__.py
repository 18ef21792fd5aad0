"""The formats of a validation: each shows one report for each dataset."""

from collections.abc import Sequence

from tdmvc.model.validation import ValidationReport
from tdmvc.render.escapes import escape_json, escape_markup
from tdmvc.render.format import Formats, OutputFormat, formats_of
from tdmvc.render.validation import github, html, junit, sarif, terminal

FORMATS: Formats[Sequence[ValidationReport]] = formats_of(
    terminal.render,
    OutputFormat("github", github.render),
    OutputFormat("junit", junit.render, escape=escape_markup),
    OutputFormat("sarif", sarif.render, escape=escape_json),
    OutputFormat("html", html.render, escape=escape_markup),
)
