"""The formats of a review."""

from tdmvc.model.review import Review
from tdmvc.render.format import FormatEntry, Formats, RenderOptions, formats_of, json_text


def _terminal(review: Review, options: RenderOptions) -> str:
    from tdmvc.render.review.terminal import render_review_terminal

    return render_review_terminal(review, color=options.color, width=options.width, reveal=options.reveal)


def _markdown(review: Review, options: RenderOptions) -> str:
    from tdmvc.render.review.markdown import LIMIT, render_review_markdown

    limit = LIMIT if options.limit is None else options.limit
    return render_review_markdown(review, limit=limit, link=options.link)


def _html(review: Review, options: RenderOptions) -> str:
    from tdmvc.render.review.html.review import render_review_html

    return render_review_html(review)


def _json(review: Review, options: RenderOptions) -> str:
    from tdmvc.render.documents import document

    return json_text(document(review))


def _github(review: Review, options: RenderOptions) -> str:
    from tdmvc.render.review.github import render_review_github

    return render_review_github(review, options.paths)


def _junit(review: Review, options: RenderOptions) -> str:
    from tdmvc.render.review.junit import render_review_junit

    return render_review_junit(review)


def _sarif(review: Review, options: RenderOptions) -> str:
    from tdmvc.render.review.sarif import render_review_sarif

    return render_review_sarif(review, options.paths)


def _codequality(review: Review, options: RenderOptions) -> str:
    from tdmvc.render.review.codequality import render_review_codequality

    return render_review_codequality(review, options.paths)


FORMATS: Formats[Review] = formats_of(
    _terminal,
    FormatEntry("markdown", _markdown),
    FormatEntry("html", _html, sample_rows=5000),
    FormatEntry("json", _json),
    FormatEntry("github", _github),
    FormatEntry("junit", _junit),
    FormatEntry("sarif", _sarif),
    FormatEntry("codequality", _codequality),
)
