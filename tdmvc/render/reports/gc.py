"""The result of `gc` on a terminal: what it removes and keeps, or why it refuses."""

from tdmvc.model.garbage import Garbage, GarbageKind, GcReport, Refusal
from tdmvc.model.text import plural
from tdmvc.render.cells import visible
from tdmvc.render.format import Formats, RenderOptions, formats_of
from tdmvc.render.page import INDENT, Cell, Page, Step
from tdmvc.render.text import joined, shell_word, short_hash, size

_MOST_OWNERS = 20


def render(report: GcReport, options: RenderOptions) -> str:
    """Return the verdict, what is removed by table, and what stays; or each reason to refuse."""
    page = Page(options)
    place = "the cache" if report.place == "cache" else f"the remote {visible(report.place)}"
    if report.refusals:
        words = f"nothing was removed from {place}, for {plural(len(report.refusals), 'reason')}"
        page.verdict("Refused", words, page.style.red)
        for refusal in report.refusals:
            _refusal(refusal, page)
        _notes(report, page)
        return page.text
    count = joined([plural(len(report.garbage), "object"), size(report.size_bytes)])
    if not report.garbage:
        page.verdict(
            "Nothing to remove",
            f"every object in {place} is needed, too young, or not from tdmvc",
            page.style.green,
        )
    elif report.is_applied:
        page.verdict("Removed", f"{count} from {place}; nothing needed them", page.style.green)
    else:
        page.verdict("Would remove", f"{count} from {place}; nothing needs them", page.style.yellow)
    _owners(report.garbage, page)
    kept = report.kept
    page.facts(
        [
            ("needed", plural(kept.needed, "object")),
            ("young", f"{plural(kept.young, 'object')}: under {_days(report.grace_days)}, or of unknown age")
            if kept.young
            else ("", ""),
            ("not tdmvc's", _not_ours(report)),
        ]
    )
    _notes(report, page)
    if report.garbage and not report.is_applied:
        remote = "" if report.place == "cache" else f" --remote {shell_word(report.place)}"
        page.next([Step(f"tdmvc gc{remote} --apply", "remove them; repeat your other options")])
    return page.text


def _refusal(refusal: Refusal, page: Page) -> None:
    page.blank()
    page.line(visible(f"{refusal.reason}: {refusal.message}"), page.style.red)
    if refusal.where:
        page.line(visible(f"Where: {refusal.where}"), indent=INDENT)
    page.line(visible(f"Fix: {refusal.remedy}"), page.style.dim, indent=INDENT)


def _owners(garbage: tuple[Garbage, ...], page: Page) -> None:
    by_owner: dict[str, list[Garbage]] = {}
    for one in garbage:
        owner = "incomplete files" if one.kind is GarbageKind.TEMPORARY else one.owner or "of unknown tables"
        by_owner.setdefault(owner, []).append(one)
    largest = sorted(by_owner.items(), key=lambda item: -sum(one.size_bytes for one in item[1]))
    page.rows(
        [
            [
                Cell(visible(owner)),
                Cell(_kinds(some)),
                Cell(size(sum(one.size_bytes for one in some))),
                Cell(f"{_days(min(one.age_days for one in some))} old"),
                Cell(_commit(some), page.style.dim),
            ]
            for owner, some in largest[:_MOST_OWNERS]
        ],
        right_aligned=frozenset({2, 3}),
    )
    page.folded(len(largest) - _MOST_OWNERS)


def _kinds(some: list[Garbage]) -> str:
    counts = {kind: sum(one.kind is kind for one in some) for kind in GarbageKind}
    return joined(
        [plural(count, kind.value) for kind, count in counts.items() if count and kind != "temporary"]
    )


def _commit(some: list[Garbage]) -> str:
    commits = [one.commit for one in some if one.commit]
    return f"commit {short_hash(commits[0])}" if commits else ""


def _not_ours(report: GcReport) -> str:
    kept = report.kept
    if not kept.not_ours:
        return ""
    return f"{plural(kept.not_ours, 'object')}, {size(kept.not_ours_bytes)}, left to `dvc gc`"


def _days(days: float) -> str:
    return plural(int(days), "day")


def _notes(report: GcReport, page: Page) -> None:
    page.notes(report.notes)


GC_FORMATS: Formats[GcReport] = formats_of(render)
