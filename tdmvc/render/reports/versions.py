"""Datasets and versions on a terminal: `list`, `show` and `publish`."""

from collections.abc import Sequence

from tdmvc.model.declarations import ForeignKey
from tdmvc.model.report import DatasetList, DatasetSummary, PublishReport, ShownTable, ShowReport, YankReport
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.text import plural
from tdmvc.model.version import Version
from tdmvc.render.cells import visible
from tdmvc.render.format import Formats, RenderOptions, formats_of
from tdmvc.render.page import INDENT, Cell, Page, Step, aligned_count, names
from tdmvc.render.reports.status import migrations_words
from tdmvc.render.terminal import fit
from tdmvc.render.text import joined, shell_word, short_hash, size

_MOST_VERSIONS = 20
_MOST_VERSIONS_EACH = 3
_MOST_TABLES_WITH_COLUMNS = 12
_MOST_COLUMNS = 60
_MOST_REASONS = 8
_LABEL_ROOM = 14


def render_list(report: DatasetList, options: RenderOptions) -> str:
    """Return the datasets with their versions, newest first; of several datasets only the newest three."""
    page, datasets = Page(options), report.datasets
    if not datasets:
        page.line("No datasets yet")
        page.next([Step("tdmvc add golden SOURCE", "create the first dataset")])
        return page.text
    is_only = len(datasets) == 1
    for index, dataset in enumerate(datasets):
        if index:
            page.blank()
        _summary(dataset, page, is_only=is_only)
    if is_only and not datasets[0].versions:
        page.next([Step(f"tdmvc publish {shell_word(datasets[0].name)}", "publish this state as a version")])
    return page.text


def _summary(dataset: DatasetSummary, page: Page, *, is_only: bool) -> None:
    count = plural(len(dataset.versions), "version") if dataset.versions else "not published yet"
    page.headline(visible(dataset.name), joined([dataset.kind.value, plural(dataset.tables, "table"), count]))
    if dataset.description:
        page.line(_flat(dataset.description), page.style.dim, indent=INDENT)
    newest = list(reversed(dataset.versions))
    most = _MOST_VERSIONS if is_only else _MOST_VERSIONS_EACH
    page.rows([_version_row(version, page) for version in newest[:most]], right_aligned=frozenset({3, 4}))
    page.folded(len(newest) - most)


def _version_row(version: Version, page: Page) -> list[Cell]:
    return [
        Cell(str(version.version), page.style.bold),
        Cell(visible(version.published[:10])),
        Cell(f"for {visible(version.release)}" if version.release else ""),
        Cell(aligned_count(version.rows, "row")),
        Cell(size(version.size_bytes)),
        Cell(_yank_words(version), page.style.yellow)
        if version.yank
        else Cell(_flat(version.notes) or _reasons(version.reasons), page.style.dim),
    ]


def _yank_words(version: Version) -> str:
    return f"yanked: {_flat(version.yank.reason)}" if version.yank else ""


def render_show(report: ShowReport, options: RenderOptions) -> str:
    """Return a state with its version, release, migrations and tables; of up to twelve tables also the columns."""
    page = Page(options)
    page.headline(
        visible(report.ref),
        joined(
            [
                report.kind.value,
                plural(len(report.tables), "table"),
                plural(report.rows, "row"),
                size(report.size_bytes),
            ]
        ),
    )
    page.facts(_ties(report))
    if len(report.tables) > _MOST_TABLES_WITH_COLUMNS:
        page.blank()
        page.rows([_table_row(table, page) for table in report.tables], right_aligned=frozenset({1, 2, 3}))
        page.next([Step(f"tdmvc show {shell_word(report.ref)} --format json", "every column of every table")])
        return page.text
    for table in report.tables:
        page.blank()
        _table(table, page)
    if report.views:
        page.blank()
        page.facts([("views", joined([visible(view.name) for view in report.views]))])
    return page.text


def _ties(report: ShowReport) -> list[tuple[str, str]]:
    version = report.version
    facts = [("release", visible(report.release or "")), ("migrations", migrations_words(report.migrations))]
    if version is not None:
        facts[:0] = [
            ("version", joined([str(version.version), f"after {version.parent}" if version.parent else ""])),
            ("yanked", _flat(version.yank.reason) if version.yank else ""),
        ]
        published = visible(version.published)
        facts.append(
            (
                "published",
                f"{published}; the application at commit {short_hash(version.commit)}"
                if version.commit
                else published,
            )
        )
        facts += [("changes", _reasons(version.reasons)), ("notes", _flat(version.notes))]
    return [*facts, ("content", short_hash(report.content))]


def _reasons(reasons: Sequence[str]) -> str:
    shown = "; ".join(visible(reason) for reason in reasons[:_MOST_REASONS])
    more = len(reasons) - _MOST_REASONS
    return f"{shown}; … and {more} more" if more > 0 else shown


def _flat(text: str | None) -> str:
    return visible(" ".join((text or "").split()))


def _key_words(schema: TableSchema) -> str:
    return f"key {joined([visible(column) for column in schema.key])}" if schema.key else "no key"


def _table_row(table: ShownTable, page: Page) -> list[Cell]:
    return [
        Cell(visible(table.schema.name), page.style.bold),
        Cell(aligned_count(table.rows, "row")),
        Cell(size(table.size_bytes)),
        Cell(aligned_count(len(table.schema.columns), "column")),
        Cell(_key_words(table.schema), page.style.dim),
    ]


def _table(table: ShownTable, page: Page) -> None:
    schema = table.schema
    page.headline(
        visible(schema.name), joined([plural(table.rows, "row"), size(table.size_bytes), _key_words(schema)])
    )
    single = {
        reference.columns[0]: reference for reference in schema.references if len(reference.columns) == 1
    }
    shown = schema.columns[:_MOST_COLUMNS]
    page.rows([_column_row(column, single.get(column.name), page) for column in shown])
    page.folded(len(schema.columns) - _MOST_COLUMNS)
    inline = {id(reference) for reference in single.values()}
    for reference in schema.references:
        if id(reference) not in inline:
            page.line(f"({joined(_visible_all(reference.columns))}) {_target(reference)}", indent=INDENT)


def _column_row(column: Column, reference: ForeignKey | None, page: Page) -> list[Cell]:
    facts = [
        "required" if column.required else "",
        "unique" if column.unique else "",
        visible(column.classification or ""),
        _target(reference) if reference else "",
    ]
    type_ = visible(column.type_text)
    if column.physical_type:
        type_ += f" ({visible(column.physical_type)})"
    return [
        Cell(visible(column.name)),
        Cell(fit(type_, page.width // 3), page.style.cyan),
        Cell(joined(facts), page.style.dim),
    ]


def _target(reference: ForeignKey) -> str:
    table, columns = visible(reference.table), joined(_visible_all(reference.to))
    return f"→ {table}.{columns}" if len(reference.to) == 1 else f"→ {table} ({columns})"


def _visible_all(texts: Sequence[str]) -> list[str]:
    return [visible(text) for text in texts]


def render_publish(report: PublishReport, options: RenderOptions) -> str:
    """Return which version was published, why it has its number, and how to keep and share it."""
    page = Page(options)
    version = report.version
    tables = plural(len(version.tables), "table")
    counts = [tables, plural(version.rows, "row"), size(version.size_bytes)]
    if report.is_new:
        page.verdict(f"Published {visible(version.ref)}", joined(counts))
    else:
        page.verdict(visible(version.ref), joined(["published before with these rows", *counts]))
    page.facts(
        [
            ("bump", _bump_words(report)),
            ("changes", _reasons(version.reasons)),
            ("release", visible(version.release or "none")),
            ("migrations", migrations_words(version.migrations)),
            ("content", short_hash(version.content)),
            ("wrote" if report.is_new else "files", names(report.files, page.width - _LABEL_ROOM)),
            ("tag", _tag_words(report)),
            ("pushed", "" if report.pushed is None else f"{plural(report.pushed, 'object')}, each verified"),
        ]
    )
    if report.findings:
        page.blank()
    page.findings(report.findings)
    if report.equal_to is not None:
        page.notes([f"Its content equals version {report.equal_to}."])
    page.next(_publish_steps(report))
    return page.text


def render_yank(report: YankReport, options: RenderOptions) -> str:
    """Return which version was yanked, what releases choose now, and how to commit it."""
    page = Page(options)
    ref = visible(report.version.ref)
    page.verdict(f"Yanked {ref}", "no release chooses it any more; you can still get it by name")
    page.facts(
        [
            ("reason", _flat(report.version.yank.reason) if report.version.yank else ""),
            ("latest", str(report.latest) if report.latest else "none: every version was yanked"),
            ("wrote", visible(report.file)),
        ]
    )
    page.next(
        [
            Step(
                f"git add {shell_word(report.file)} && git commit -m {shell_word(f'Yank {ref}')}",
                "commit the mark",
            )
        ]
    )
    return page.text


def _bump_words(report: PublishReport) -> str:
    version, suggested = report.version, report.suggested
    if version.parent is None:
        return "" if version.reasons else "first version"
    words = f"{version.bump.value}, after {version.parent}"
    if suggested.level.rank > version.bump.rank:
        words += f"; lower than the changes call for ({suggested.level.value})"
    return words


def _tag_words(report: PublishReport) -> str:
    if report.tag is None:
        return ""
    tag = visible(report.tag)
    return f"{tag} on commit {short_hash(report.commit)}" if report.commit else tag


def _publish_steps(report: PublishReport) -> list[Step]:
    ref = visible(report.version.ref)
    if report.tag is None:
        places = dict.fromkeys(path.partition("/versions/")[0] for path in report.files)
        files = " ".join(shell_word(place) for place in places) or "-A"
        steps = [
            Step(f"git add {files} && git commit -m {shell_word(f'Publish {ref}')}", "commit the version")
        ]
    else:
        steps = [Step("git push --follow-tags", "share the commit and its tag")]
    if not report.has_remote:
        steps.append(Step("dvc remote add -d NAME URL", "name where the rows are shared"))
    if report.pushed is None:
        steps.append(Step(f"tdmvc push {shell_word(report.version.ref)}", "share the rows"))
    return steps


LIST_FORMATS: Formats[DatasetList] = formats_of(render_list)
SHOW_FORMATS: Formats[ShowReport] = formats_of(render_show)
PUBLISH_FORMATS: Formats[PublishReport] = formats_of(render_publish)
YANK_FORMATS: Formats[YankReport] = formats_of(render_yank)
