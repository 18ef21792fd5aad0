"""Small pieces that several parts of the page share: counts, findings, commands, badges."""

from collections.abc import Sequence
from typing import TypeVar

from tdmvc.model.diff import RowCounts
from tdmvc.model.finding import Finding
from tdmvc.model.review import Verdict
from tdmvc.model.text import number, plural
from tdmvc.render.review.html.anchors import table_anchor
from tdmvc.render.review.html.markup import Html, clipped, code, element, joined, text

_Item = TypeVar("_Item")
_MOST_LINES = 10
_FIRST_LINES = 5
_SIGNED = (("removed", "−"), ("changed", "~"), ("added", "+"))


def badge(verdict: Verdict) -> Html:
    """Return the verdict as a badge."""
    return element("strong", verdict.value, class_=f"badge {verdict.value}")


def signed_counts(rows: RowCounts) -> Html:
    """Return `−2 ~412 +20`, with the words for screen readers."""
    counts = {"removed": rows.removed, "changed": rows.changed, "added": rows.added}
    parts = [
        element(
            "b",
            f"{sign}{number(counts[kind])}",
            class_=kind,
            title=f"{number(counts[kind])} rows {kind}",
            role="img",
            aria_label=f"{number(counts[kind])} rows {kind}",
        )
        for kind, sign in _SIGNED
        if counts[kind]
    ]
    return element("span", *parts, class_="counts")


def findings_list(
    findings: Sequence[Finding],
    most_text: int,
    dataset: str = "",
    tables: frozenset[str] | None = None,
    *,
    has_remedies: bool = True,
) -> Html | None:
    """Return findings, and, where `tables` are given, the table concerned.

    Args:
        tables: Those on the page, to link to; None names no tables.
        has_remedies: Whether to say what to do.
    """
    if not findings:
        return None
    items = [_finding(f, most_text, dataset, tables, has_remedies=has_remedies) for f in findings]
    return element("ul", *items, class_="findings")


def _finding(
    finding: Finding, most_text: int, dataset: str, tables: frozenset[str] | None, *, has_remedies: bool
) -> Html:
    where: Html | None = None
    if finding.table is not None and tables is not None:
        name = code(finding.table, 60)
        anchor = table_anchor(dataset, finding.table)
        where = joined(" in ", element("a", name, href=f"#{anchor}") if finding.table in tables else name)
    return element(
        "li",
        element(
            "span", element("b", finding.severity.value), " ", code(finding.rule, 60), where, class_="rule"
        ),
        element("p", clipped(finding.message, most_text)),
        element("p", "Fix: ", remedy(finding.remedy, most_text), class_="remedy")
        if finding.remedy and has_remedies
        else None,
        class_=finding.severity.value,
    )


def remedy(words: str, most_text: int) -> Html:
    """Return what to do, with text between backticks as code."""
    if len(words) > most_text or words.count("`") % 2:
        return clipped(words, most_text)
    pieces = words.split("`")
    return joined(
        *(
            element("code", text(piece), class_="do") if place % 2 else _inner(piece)
            for place, piece in enumerate(pieces)
        )
    )


def commands(lines: Sequence[str], most_text: int) -> Html | None:
    """Return commands that a click selects."""
    if not lines:
        return None
    items = [element("div", element("code", clipped(line, most_text)), class_="cmd") for line in lines]
    return element("div", *items, class_="commands")


def listing(items: Sequence[Html], class_: str) -> Html | None:
    """Return a list, or nothing if it is empty."""
    return element("ul", *(element("li", item) for item in items), class_=class_) if items else None


def split_long(
    items: Sequence[_Item], *, first: int = _FIRST_LINES
) -> tuple[Sequence[_Item], Sequence[_Item]]:
    """Return what is shown and what is folded; up to ten are all shown, so that no fold hides a line or two."""
    return (items, ()) if len(items) <= _MOST_LINES else (items[:first], items[first:])


def folded(words: str, content: Html | None) -> Html | None:
    """Return the content under a line that opens it."""
    return element("details", element("summary", words), content, class_="fold-more") if content else None


def folded_listing(items: Sequence[Html], class_: str, what: str) -> Html | None:
    """Return a list whose later items are folded, if it is long."""
    first, rest = split_long(items)
    more = folded(plural(len(rest), f"more {what}"), listing(rest, class_))
    return joined(listing(first, class_), more) if first else None


def declaration(sign: str, words: str, most_text: int, *, is_breaking: bool = False) -> Html:
    """Return a change of what a column, a table or a view declares, after its sign."""
    kind = {"+": "added", "−": "removed"}.get(sign, "changed")
    breaking = element("span", "breaking", class_="breaking") if is_breaking else None
    return joined(
        element("b", sign, class_=f"sign {kind}"),
        element("span", clipped(words, most_text), class_="words"),
        breaking,
    )


def _inner(piece: str) -> Html:
    """Return a piece of a sentence made visible; spaces next to code are inner ones."""
    return Html(text(f"x{piece}x")[1:-1])
