"""The formats of a validation: each shows one report for each dataset."""

from collections.abc import Sequence

from tdmvc.model.validation import ValidationReport
from tdmvc.render.escapes import escape_json, escape_markup
from tdmvc.render.format import Formats, OutputFormat, formats_of, imported_when_used
from tdmvc.render.validation import terminal

FORMATS: Formats[Sequence[ValidationReport]] = formats_of(
    terminal.render,
    OutputFormat("github", imported_when_used(__name__, "github")),
    OutputFormat("junit", imported_when_used(__name__, "junit"), escape=escape_markup),
    OutputFormat("sarif", imported_when_used(__name__, "sarif"), escape=escape_json),
    OutputFormat("html", imported_when_used(__name__, "html"), escape=escape_markup),
)
