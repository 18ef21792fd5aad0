"""The formats of a validation: each shows one report for each dataset."""

from collections.abc import Sequence

from tdmvc.model.validation import ValidationReport
from tdmvc.render.escapes import escape_json, escape_markup
from tdmvc.render.format import Format, Formats, formats_of
from tdmvc.render.validation import github, html, junit, sarif, terminal

FORMATS: Formats[Sequence[ValidationReport]] = formats_of(
    terminal.render,
    Format("github", github.render),
    Format("junit", junit.render, escape=escape_markup),
    Format("sarif", sarif.render, escape=escape_json),
    Format("html", html.render, escape=escape_markup),
)
