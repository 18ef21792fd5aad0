"""The results of `checkout`, `push`, `pull` and `verify` on a terminal."""

from collections.abc import Sequence

from tdmvc.model.remote import RemoteComparison
from tdmvc.model.report import CheckedOut, CheckoutReport, Inference
from tdmvc.model.text import number, plural
from tdmvc.model.transfer_report import TransferReport, TransferVerb, VerifyReport
from tdmvc.render.cells import visible
from tdmvc.render.format import Formats, RenderOptions, formats_of
from tdmvc.render.page import INDENT, Cell, Page, Step, aligned_count, names
from tdmvc.render.text import joined, shell_word, short_hash
from tdmvc.render.wording import compared_words, comparison_words, severities

_MOST_STATES = 20


def render_checkout(report: CheckoutReport, options: RenderOptions) -> str:
    """Return what was checked out and how it was found, as text that ends in a newline."""
    page = Page(options)
    if len(report.datasets) == 1:
        brought = report.datasets[0]
        page.verdict(f"Checked out {visible(brought.ref)}", _extent(brought), page.style.green)
        _checked_out(brought, report.release, page)
        _without_version(report, page)
        return page.text
    release = f"release {visible(report.release)}" if report.release else ""
    page.verdict(f"Checked out {plural(len(report.datasets), 'dataset')}", release, page.style.green)
    for brought in report.datasets:
        page.blank()
        page.headline(visible(brought.ref), _extent(brought))
        _checked_out(brought, report.release, page)
    _without_version(report, page)
    return page.text


def _without_version(report: CheckoutReport, page: Page) -> None:
    for one in report.without_version:
        page.blank()
        page.headline(visible(one.dataset), "not checked out")
        page.line(visible(one.message), page.style.red, indent=INDENT)
        page.line(visible(f"Fix: {one.remedy}"), page.style.dim, indent=INDENT)


def _checked_out(brought: CheckedOut, release: str | None, page: Page) -> None:
    page.facts(
        [
            ("release", _release_words(brought, release)),
            ("files", _file_words(brought)),
            ("content", short_hash(brought.content)),
        ]
    )
    if brought.target is not None:
        page.path("into   ", brought.target)
    page.notes(brought.notes)


def _extent(brought: CheckedOut) -> str:
    return joined([plural(len(brought.tables), "table"), plural(brought.rows, "row")])


def _release_words(brought: CheckedOut, release: str | None) -> str:
    if brought.how is None or release is None:
        return ""
    if brought.how is Inference.DECLARED:
        return f"{visible(release)}, declared by the version"
    return f"{visible(release)}, inferred from the migration state; no version names the release"


def _file_words(brought: CheckedOut) -> str:
    if brought.target is not None:
        # A server has no files.
        return f"{plural(brought.changed_files, 'file')} written" if brought.changed_files else ""
    if not brought.changed_files:
        return "already up to date"
    return f"{plural(brought.changed_files, 'file')} changed in the working copy"


def render_transfer(report: TransferReport, options: RenderOptions) -> str:
    """Return how many objects `push` or `pull` moved, and that each was verified."""
    page = Page(options)
    is_push = report.verb is TransferVerb.PUSH
    remotes = " and ".join(visible(remote) for remote in report.remotes)
    there = f"on {remotes or 'the remote'}" if is_push else "here"
    if report.moved:
        whole = "it is" if report.objects == 1 else f"all {number(report.objects)} are"
        way = f" {'to' if is_push else 'from'} {remotes}" if remotes else ""
        words = f"{plural(report.moved, 'object')}{way}; {whole} {there} now, verified"
        page.verdict("Pushed" if is_push else "Pulled", words, page.style.green)
    else:
        whole = f"{plural(report.objects, 'object')} {'is' if report.objects == 1 else 'are'}"
        page.verdict(f"Nothing to {report.verb}", f"{whole} {there}, verified", page.style.green)
    laid = f"{plural(report.tables, 'table')} in the working copy" if report.tables else ""
    page.facts(
        [
            ("states", names(report.refs, 2 * page.width)),
            ("rows", laid),
            *_comparisons("verified", report.compared),
        ]
    )
    return page.text


def _comparisons(label: str, compared: Sequence[RemoteComparison]) -> list[tuple[str, str]]:
    """Return by what each remote's objects were compared; the remotes are named if they differ in that."""
    words = {one.remote: comparison_words(one.compared) for one in compared}
    if len(set(words.values())) == 1:
        return [(label, next(iter(words.values())))]
    return [(f"{label} on {visible(remote)}", text) for remote, text in words.items()]


def render_verify(report: VerifyReport, options: RenderOptions) -> str:
    """Return whether everything is intact, then each state, then the findings, worst first."""
    page = Page(options)
    count = plural(len(report.verified), "state")
    is_whole = all(state.content is not None for state in report.verified)
    if report.findings or not is_whole:
        found = severities(report.findings)
        words = f"{found} in {count}" if found else count
        page.verdict(
            "Found" if is_whole else "Not intact", words, page.style.yellow if is_whole else page.style.red
        )
    elif report.verified:
        page.verdict("Intact", f"{count} verified, nothing is wrong", page.style.green)
    else:
        page.verdict("Nothing to verify", "")
    broken_first = sorted(report.verified, key=lambda state: state.content is not None)
    page.rows(
        [
            [
                Cell("intact", page.style.green)
                if state.content is not None
                else Cell("not intact", page.style.red),
                Cell(visible(state.ref)),
                Cell(aligned_count(state.tables, "table")),
                Cell(aligned_count(state.parts, "part")),
                Cell(short_hash(state.content or ""), page.style.dim),
            ]
            for state in broken_first[:_MOST_STATES]
        ],
        right_aligned=frozenset({2, 3}),
    )
    page.folded(len(broken_first) - _MOST_STATES)
    page.facts(
        [
            (
                visible(one.remote),
                f"{plural(one.objects, 'object')} {compared_words(one.compared)}",
            )
            for one in report.remotes
            if one.compared
        ]
    )
    if report.findings:
        page.blank()
        page.findings(report.findings)
    broken = [shell_word(state.ref) for state in report.verified if state.content is None]
    page.next([Step(f"tdmvc pull {ref}", "fetch a good copy") for ref in broken])
    return page.text


CHECKOUT_FORMATS: Formats[CheckoutReport] = formats_of(render_checkout)
TRANSFER_FORMATS: Formats[TransferReport] = formats_of(render_transfer)
VERIFY_FORMATS: Formats[VerifyReport] = formats_of(render_verify)
