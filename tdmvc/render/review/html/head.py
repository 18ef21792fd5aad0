"""The head of a page: its title, its style, and the security policy that lets nothing else in."""

import base64
from functools import cache
from hashlib import sha256
from importlib.resources import files

from tdmvc.render.review.html.markup import Html, element

STYLE = "review.css"


def page_head(*title: str, more_style: str = "", script: str = "") -> Html:
    """Return the head of a self-contained page, in the style of all pages.

    Args:
        title: texts, or markup without elements.
        more_style: CSS of this page alone.
        script: the page's script, which the policy allows; none is allowed without one.
    """
    style = asset(STYLE) + more_style
    scripts = f"script-src {_hash(script)}; " if script else ""
    policy = (
        f"default-src 'none'; {scripts}style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("link", rel="icon", href="data:,"),
        element("title", *title),
        Html(f"<style>{style}</style>"),
    )


@cache
def asset(name: str) -> str:
    """Return a style or a script of the pages."""
    return files("tdmvc.render.review.html").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"
