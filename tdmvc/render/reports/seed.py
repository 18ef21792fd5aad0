"""The result of `seed` on a terminal."""

from tdmvc.model.seeding import DatasetSeedReport, LoadMethod, SeededTableReport, SeedReport, WrittenRows
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.format import Formats, RenderOptions, formats_of
from tdmvc.render.page import INDENT, Cell, Page, aligned_count, names
from tdmvc.render.text import joined, short_hash

_MOST_TABLES = 60

_WORDS = {
    LoadMethod.CREATED: "created",
    LoadMethod.RELOADED: "reloaded",
    LoadMethod.DIFFERENCE: "difference",
    LoadMethod.UPSERTED: "upserted",
    LoadMethod.APPENDED: "appended",
    LoadMethod.NOTHING: "already there",
    LoadMethod.CLEARED: "cleared",
}


def render_seed(report: SeedReport, options: RenderOptions) -> str:
    """Return what was loaded into which database, each table with how and why."""
    page = Page(options)
    _verdict(report, page)
    if report.refusal:
        page.line(f"Refused without --force: {visible(report.refusal)}", page.style.red, indent=INDENT)
    is_only = len(report.datasets) == 1
    facts = max(len(label) for label, text in _facts(report.datasets[0]) if text) if is_only else 0
    page.path("into".ljust(facts), report.target)
    for dataset in report.datasets:
        _dataset(dataset, page, is_only=is_only, is_dry_run=report.is_dry_run)
    return page.text


def _verdict(report: SeedReport, page: Page) -> None:
    refs = (
        joined([visible(dataset.ref) for dataset in report.datasets])
        if len(report.datasets) < 4
        else plural(len(report.datasets), "dataset")
    )
    tables = sum(sum(bool(table.name) for table in dataset.tables) for dataset in report.datasets)
    rows = sum(dataset.rows for dataset in report.datasets)
    extent = joined([plural(tables, "table"), plural(rows, "row")])
    if report.is_dry_run:
        if report.has_errors:
            page.verdict(f"Cannot seed {refs}", "nothing was written", page.style.red)
        else:
            page.verdict(f"Would seed {refs}", joined([extent, "nothing was written"]), page.style.yellow)
    elif all(dataset.is_there for dataset in report.datasets):
        page.verdict(
            f"{refs} {'is' if len(report.datasets) == 1 else 'are'} already there",
            joined([extent, "nothing was written", _time(report.seconds)]),
            page.style.green,
        )
    else:
        page.verdict(f"Seeded {refs}", joined([extent, _time(report.seconds)]), page.style.green)


def _dataset(dataset: DatasetSeedReport, page: Page, *, is_only: bool, is_dry_run: bool) -> None:
    if not is_only:
        page.blank()
        page.headline(
            visible(dataset.ref), joined([plural(len(dataset.tables), "table"), plural(dataset.rows, "row")])
        )
    page.facts(_facts(dataset))
    page.blank()
    page.rows(
        [_row(table, page, is_dry_run=is_dry_run) for table in dataset.tables[:_MOST_TABLES]],
        right_aligned=frozenset({2}),
    )
    page.folded(len(dataset.tables) - _MOST_TABLES)
    _reasons(dataset, page)
    if dataset.findings:
        page.blank()
        page.findings(dataset.findings)


def _facts(dataset: DatasetSeedReport) -> list[tuple[str, str]]:
    return [
        ("mode", dataset.mode.value),
        ("content", short_hash(dataset.content)),
        ("verified", "all rows were read back, and are equal" if dataset.is_verified else ""),
    ]


def _row(table: SeededTableReport, page: Page, *, is_dry_run: bool) -> list[Cell]:
    paint = page.style.dim if table.method is LoadMethod.NOTHING else None
    cells = [
        Cell(visible(table.target), paint),
        Cell(_word(table), paint),
        Cell(aligned_count(table.rows, "row")),
    ]
    if not is_dry_run or table.method is LoadMethod.CLEARED:
        counts = _counts(table.method, table.counts)
        cells += [Cell(counts, page.style.dim)] if counts else []
    return cells


def _word(table: SeededTableReport) -> str:
    # Nothing was there to load again.
    return "loaded" if table.method is LoadMethod.RELOADED and not table.why else _WORDS[table.method]


def _reasons(dataset: DatasetSeedReport, page: Page) -> None:
    """Add why tables were not done in the plain way, each reason once."""
    by_reason: dict[str, list[str]] = {}
    for table in dataset.tables:
        if table.why:
            by_reason.setdefault(f"{_word(table)} because {table.why}", []).append(table.target)
    if by_reason:
        page.blank()
    for reason, targets in by_reason.items():
        page.line(f"{names(targets, page.width)}: {visible(reason)}", page.style.dim, indent=INDENT)


def _counts(method: LoadMethod, counts: WrittenRows) -> str:
    """Return how many rows were written, where that is not plain from the number of rows."""
    if method is LoadMethod.CLEARED:
        return f"{number(counts.deleted)} deleted"
    if method not in (LoadMethod.DIFFERENCE, LoadMethod.UPSERTED, LoadMethod.APPENDED):
        return ""
    parts = [(counts.inserted, "new"), (counts.updated, "changed"), (counts.deleted, "deleted")]
    return ", ".join(f"{number(count)} {word}" for count, word in parts if count) or "nothing to write"


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"


SEED_FORMATS: Formats[SeedReport] = formats_of(render_seed)
