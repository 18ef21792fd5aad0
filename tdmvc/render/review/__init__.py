"""The formats of a review."""

from tdmvc.model.review import Review
from tdmvc.render.escapes import escape_json, escape_markup
from tdmvc.render.format import Format, Formats, formats_of
from tdmvc.render.review import codequality, github, junit, markdown, sarif, terminal
from tdmvc.render.review.html import review as html

FORMATS: Formats[Review] = formats_of(
    terminal.render,
    Format("markdown", markdown.render),
    Format("html", html.render, sample_rows=5000, escape=escape_markup),
    Format("github", github.render),
    Format("junit", junit.render, escape=escape_markup),
    Format("sarif", sarif.render, escape=escape_json),
    Format("codequality", codequality.render, escape=escape_json),
)
