"""The formats of a review."""

from tdmvc.model.review import Review
from tdmvc.render.escapes import escape_json, escape_markup
from tdmvc.render.format import Formats, OutputFormat, formats_of
from tdmvc.render.review import codequality, github, junit, markdown, sarif, terminal
from tdmvc.render.review.html import review as html

FORMATS: Formats[Review] = formats_of(
    terminal.render,
    OutputFormat("markdown", markdown.render),
    OutputFormat("html", html.render, sample_rows=5000, escape=escape_markup),
    OutputFormat("github", github.render),
    OutputFormat("junit", junit.render, escape=escape_markup),
    OutputFormat("sarif", sarif.render, escape=escape_json),
    OutputFormat("codequality", codequality.render, escape=escape_json),
)
