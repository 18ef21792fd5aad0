"""Shifted distributions as inline SVG: a pair of bars for each value or range."""

from tdmvc.model.review import Bar, Shift
from tdmvc.render.review.html.markup import Html, code, element, joined, text
from tdmvc.render.review.wording import shift_words
from tdmvc.render.wording import percent

_MOST_BARS = 24
_LONGEST_LABEL = 40


def legend() -> Html:
    """Return which bar is which."""
    return element(
        "span",
        element("span", "old", class_="k old"),
        element("span", "new", class_="k new"),
        class_="legend",
    )


def render_shift(shift: Shift, *, is_personal: bool) -> Html:
    """Return the column, how far it moved, and its bars; those of a personal column have no label."""
    shown = shift.bars[:_MOST_BARS]
    widest = max((share for bar in shown for share in (bar.old, bar.new)), default=0.0)
    rows = [_bar(bar, widest, place, is_personal=is_personal) for place, bar in enumerate(shown, start=1)]
    left = len(shift.bars) - len(shown)
    return element(
        "figure",
        element("figcaption", code(shift.column), " ", element("span", shift_words(shift))),
        element("table", element("tbody", *rows), class_=f"bars {shift.kind.value}"),
        element("p", f"… and {left} more", class_="more") if left else None,
        class_="shift",
    )


def _bar(bar: Bar, widest: float, place: int, *, is_personal: bool) -> Html:
    label: Html | str
    if is_personal or not bar.label:
        label = element("i", f"bar {place}")
    else:
        long = len(bar.label) > _LONGEST_LABEL
        label = text(f"{bar.label[:_LONGEST_LABEL]}…" if long else bar.label)
    drawing = Html(
        '<svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="old" y="0" width="{_width(bar.old, widest)}" height="6"></rect>'
        f'<rect class="new" y="8" width="{_width(bar.new, widest)}" height="6"></rect></svg>'
    )
    return element(
        "tr",
        element("th", label, scope="row"),
        element("td", drawing, class_="draw"),
        element("td", joined(percent(bar.old), " → ", percent(bar.new)), class_="share"),
    )


def _width(share: float, widest: float) -> str:
    if not share > 0 or not widest > 0:
        return "0"
    return f"{max(0.8, min(1.0, share / widest) * 100):.1f}"
