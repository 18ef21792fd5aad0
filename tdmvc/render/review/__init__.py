"""The formats of a review."""

from tdmvc.model.review import Review
from tdmvc.render.format import Format, Formats, formats_of
from tdmvc.render.review import codequality, github, junit, markdown, sarif, terminal
from tdmvc.render.review.html import review as html

FORMATS: Formats[Review] = formats_of(
    terminal.render,
    Format("markdown", markdown.render),
    Format("html", html.render, sample_rows=5000),
    Format("github", github.render),
    Format("junit", junit.render),
    Format("sarif", sarif.render),
    Format("codequality", codequality.render),
)
