"""Text as markup: the only way for data onto the page, so that no value is ever read as a tag."""

import json
from html import escape

from tdmvc.render.cells import visible

_VOID = frozenset({"meta", "link", "input", "br"})
_JSON_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&"}


class Html(str):
    """Markup that is safe to put on the page; a plain `str` is text and is escaped."""

    __slots__ = ()


Content = Html | str | None
"""What an element holds: markup, text to be escaped, or nothing."""


def text(value: str) -> Html:
    """Return a text from data, with invisible characters shown."""
    return Html(escape(visible(value)))


def clipped(value: str, most: int) -> Html:
    """Return a text from data, cut to `most` characters with its length."""
    if len(value) <= most:
        return text(value)
    return Html(f"{escape(visible(value[:most]))}… ({len(value):,} characters)")


def element(name: str, /, *content: Content, **attributes: str | bool | None) -> Html:
    """Return an element; `class_` is `class`, `data_p` is `data-p`; False and None leave an attribute out."""
    attributes_text = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{attributes_text}>")
    return Html(f"<{name}{attributes_text}>{joined(*content)}</{name}>")


def joined(*content: Content) -> Html:
    """Return the parts one after the other."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in content if part))


def code(value: str, most: int = 120) -> Html:
    """Return a name from data as code."""
    return element("code", clipped(value, most))


def json_script(identifier: str, value: object) -> Html:
    """Return JSON for the page's script; it is ASCII, and no character in it can end the element."""
    data = json.dumps(value, separators=(",", ":")).translate(_JSON_ESCAPES)
    return Html(f'<script type="application/json" id="{escape(identifier)}">{data}</script>')


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    attribute = name.rstrip("_").replace("_", "-")
    return f" {attribute}" if value is True else f' {attribute}="{escape(value)}"'
