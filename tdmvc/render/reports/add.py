"""The results of `init` and `add` on a terminal."""

from collections import Counter
from collections.abc import Sequence

from tdmvc.model.diff import SchemaChangeKind, TableStatus
from tdmvc.model.masking import without_passwords
from tdmvc.model.report import AddedTable, AddReport, InitReport
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.format import Formats, RenderOptions, formats_of
from tdmvc.render.page import INDENT, Cell, Page, Step, aligned_count, names
from tdmvc.render.text import joined, shell_word, size
from tdmvc.render.wording import schema_sign, schema_words, severities, view_sign, view_words

_MOST_TABLES = 40
_MOST_UNCHANGED = 8
_MOST_SCHEMA_LINES = 20


def render_init(report: InitReport, options: RenderOptions) -> str:
    """Return what `init` wrote and found, as text that ends in a newline."""
    page = Page(options)
    root = visible(report.root)
    page.verdict(
        "Ready", root if report.created else f"{root}; everything was already set up", page.style.green
    )
    page.facts([("wrote", joined([visible(path) for path in report.created]))])
    if report.migrations:
        page.rows(
            [
                [Cell("migrations" if index == 0 else "", page.style.dim), *map(Cell, words)]
                for index, words in enumerate(
                    (visible(place.name), visible(place.tool), visible(place.path) or ".")
                    for place in report.migrations
                )
            ]
        )
    else:
        page.facts([("migrations", "none that can be read; name them in tdmvc.yaml for `tdmvc drift`")])
    page.facts([("release", visible(report.release or ""))])
    page.rows(
        [
            [
                Cell("environment", page.style.dim),
                *map(Cell, (visible(one.name), visible(without_passwords(one.database)))),
            ]
            for one in report.environments
        ]
    )
    page.notes(report.notes)
    tops = sorted({path.split("/")[0] for path in report.created})
    steps = [Step("tdmvc add golden SOURCE", "add rows from CSV, JSON, Parquet, SQLite, …")]
    if tops:
        command = f"git add {' '.join(shell_word(top) for top in tops)} && git commit"
        steps.insert(0, Step(command, "keep the setup"))
    if report.created:
        steps.append(Step("dvc remote add -d NAME URL", "name where the rows are shared"))
    page.next(steps)
    return page.text


def render_add(report: AddReport, options: RenderOptions) -> str:
    """Return what `add` added, table by table, as text that ends in a newline."""
    page = Page(options)
    page.verdict(visible(report.dataset), _verdict(report))
    moved = sorted(
        (table for table in report.tables if table.status is not TableStatus.UNCHANGED),
        key=lambda table: table.status,
    )
    _table_rows(moved[:_MOST_TABLES], page)
    page.folded(len(moved) - _MOST_TABLES)
    _unchanged(report.tables, page, is_alone=not moved)
    _declarations(report, page)
    notes = [f"{table.name}: {note}" for table in report.tables for note in table.notes]
    if notes or report.notes or report.findings:
        page.blank()
    page.findings(report.findings)
    page.notes([*notes, *report.notes])
    if moved or report.views:
        page.next(_next_steps(report))
    return page.text


def _verdict(report: AddReport) -> str:
    counts = Counter(table.status for table in sorted(report.tables, key=lambda table: table.status))
    if not report.tables:
        return "nothing to add"
    if counts[TableStatus.UNCHANGED] == len(report.tables) and report.views:
        words = f"{plural(len(report.views), 'view')} changed"
    elif counts[TableStatus.UNCHANGED] == len(report.tables):
        words = f"nothing changed in {plural(len(report.tables), 'table')}"
    else:
        parts = [(status.value, count) for status, count in counts.items()]
        first = f"{plural(parts[0][1], 'table')} {parts[0][0]}"
        words = ", ".join([first, *(f"{number(count)} {status}" for status, count in parts[1:])])
        words += f"; {size(sum(table.written_bytes for table in report.tables))} new"
    found = severities(report.findings)
    return f"{words}; {found}" if found else words


def _table_rows(tables: Sequence[AddedTable], page: Page) -> None:
    style = page.style
    paints = {
        TableStatus.ADDED: style.green,
        TableStatus.CHANGED: style.yellow,
        TableStatus.REMOVED: style.red,
    }
    rows = []
    for table in tables:
        row = [Cell(table.status.value, paints.get(table.status)), Cell(visible(table.name))]
        if table.status is not TableStatus.REMOVED:
            key = joined([visible(column) for column in table.key])
            row += [
                Cell(aligned_count(table.rows, "row")),
                Cell(size(table.size_bytes)),
                Cell(aligned_count(table.parts, "part")),
                Cell(f"key {key}" if key else "no key", style.dim),
            ]
        rows.append(row)
    page.rows(rows, right_aligned=frozenset({2, 3, 4}))


def _declarations(report: AddReport, page: Page) -> None:
    """Show what changed of the declarations and views; the notes name changed types, and why."""
    noted = {SchemaChangeKind.TYPE_CHANGED, SchemaChangeKind.TYPE_WIDENED}
    lines = [
        f"{schema_sign(change)} {visible(table.name)}: {schema_words(change)}"
        for table in report.tables
        for change in table.schema
        if change.kind not in noted
    ]
    lines += [f"{view_sign(view)} {view_words(view)}" for view in report.views]
    if lines:
        page.blank()
    for line in lines[:_MOST_SCHEMA_LINES]:
        page.line(line, indent=INDENT)
    page.folded(len(lines) - _MOST_SCHEMA_LINES)


def _unchanged(tables: Sequence[AddedTable], page: Page, *, is_alone: bool) -> None:
    same = [table for table in tables if table.status is TableStatus.UNCHANGED]
    if is_alone and len(same) <= _MOST_UNCHANGED:
        rows = [
            [Cell("unchanged", page.style.dim), Cell(visible(t.name)), Cell(plural(t.rows, "row"))]
            for t in same
        ]
        page.rows(rows, right_aligned=frozenset({2}))
    elif same:
        lead = f"{INDENT}unchanged{INDENT}"
        page.line(lead + names([table.name for table in same], page.width - len(lead)), page.style.dim)


def _next_steps(report: AddReport) -> list[Step]:
    folder = shell_word(report.folder) if report.folder else "-A"
    return [
        Step(f"tdmvc diff {shell_word(report.dataset)}", "see what changed, row by row"),
        Step(f"git add {folder} && git commit", "keep it"),
    ]


INIT_FORMATS: Formats[InitReport] = formats_of(render_init)
ADD_FORMATS: Formats[AddReport] = formats_of(render_add)
