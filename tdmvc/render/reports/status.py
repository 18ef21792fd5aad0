"""The state of each dataset on a terminal."""

from collections.abc import Iterable, Sequence

from tdmvc.model.dataset import WorkStatus
from tdmvc.model.diff import TableStatus
from tdmvc.model.migration import RecordedState
from tdmvc.model.report import DatasetStatus, SourceState, StatusReport, TableStatusReport
from tdmvc.model.text import number, plural
from tdmvc.render.cells import visible
from tdmvc.render.format import Formats, RenderOptions, formats_of
from tdmvc.render.page import Cell, Page, Paint, Step, names
from tdmvc.render.terminal import pad
from tdmvc.render.text import joined, shell_word

_MEANINGS = {
    "conflict": "in conflict after a merge",
    "modified": "edited since `tdmvc add`",
    "stale": "the rows of another state",
    "new": "not added yet",
    "missing": "not checked out",
    "added": "added since HEAD",
    "changed": "changed since HEAD",
    "removed": "removed since HEAD",
    "clean": "as in HEAD",
}
_SOURCE_WORDS = {
    SourceState.CHANGED: "changed since `tdmvc add`",
    SourceState.MISSING: "no longer there",
    SourceState.UNCHANGED: "as added",
    SourceState.NOT_COMPARED: "not compared",
}
_MEANING_ROOM = 32
_LABEL_ROOM = len("migrations")


def render(report: StatusReport, options: RenderOptions) -> str:
    """Return the state of every dataset."""
    page = Page(options)
    _verdict(report, page)
    for dataset in report.datasets:
        page.blank()
        _dataset(dataset, page)
    page.next(_next_steps(report))
    return page.text


def _verdict(report: StatusReport, page: Page) -> None:
    count = len(report.datasets)
    branch = f"branch {visible(report.branch)}" if report.branch else "no branch"
    release = f"release {visible(report.release)}" if report.release else ""
    around = joined([branch, f"{report.operation} in progress" if report.operation else "", release])
    open_ones = sum(not dataset.is_clean for dataset in report.datasets)
    if not count:
        page.verdict("No datasets yet", around)
    elif open_ones:
        page.verdict(
            "Not clean", f"{number(open_ones)} of {plural(count, 'dataset')}; {around}", page.style.yellow
        )
    elif report.operation:
        page.verdict("Not finished", f"{plural(count, 'dataset')}; {around}", page.style.yellow)
    else:
        page.verdict("Clean", f"{plural(count, 'dataset')}; {around}", page.style.green)


def _dataset(dataset: DatasetStatus, page: Page) -> None:
    page.headline(
        visible(dataset.name),
        joined([dataset.kind.value, plural(len(dataset.tables), "table"), _standing(dataset)]),
    )
    page.rows(list(_table_rows(dataset.tables, page)))
    page.facts(
        [
            ("migrations", migrations_words(dataset.migrations)),
            (pad("remote", _LABEL_ROOM), _remote_words(dataset)),
            ("leftovers", ", ".join(map(visible, dataset.leftovers))),
            ("files", _uncommitted_words(dataset, page)),
            ("sources", _source_words(dataset, page)),
        ]
    )


def _uncommitted_words(dataset: DatasetStatus, page: Page) -> str:
    words = "not committed: "
    room = page.width - _LABEL_ROOM - len(words) - 4
    return f"{words}{names(dataset.uncommitted, room)}" if dataset.uncommitted else ""


def _source_words(dataset: DatasetStatus, page: Page) -> str:
    """Return the sources by what became of them, the changed ones first."""
    room = page.width - _LABEL_ROOM - 28
    found = []
    for state, words in _SOURCE_WORDS.items():
        members = [source.name for source in dataset.sources if source.state is state]
        if members:
            found.append(f"{names(members, room)} {words}")
    return "; ".join(found)


def _standing(dataset: DatasetStatus) -> str:
    """Return which version the pointers equal, apart from edits of the working copy."""
    if not dataset.versions:
        if dataset.latest is None:
            return "not published yet"
        return f"differs from the latest version {dataset.latest}"
    newest = dataset.versions[0]
    is_edited = any(table.work is not WorkStatus.CLEAN for table in dataset.tables)
    words = f"{'pointers equal' if is_edited else 'equals'} version {newest}"
    if newest in dataset.yanked:
        words += ", which was yanked"
    if newest != dataset.latest:
        if dataset.latest is None:
            return words
        words += f" (the latest is {dataset.latest})"
    elif len(dataset.versions) > 1:
        words += f" (and {joined([str(version) for version in dataset.versions[1:4]])})"
    return words


def _word(table: TableStatusReport) -> str:
    if table.work is WorkStatus.MISSING and table.since_head is TableStatus.REMOVED:
        return "removed"
    if table.work is not WorkStatus.CLEAN:
        return table.work.value
    return "clean" if table.since_head is TableStatus.UNCHANGED else table.since_head.value


def _table_rows(tables: Sequence[TableStatusReport], page: Page) -> Iterable[list[Cell]]:
    style = page.style
    paints: dict[str, Paint] = {"new": style.green, "added": style.green, "clean": style.dim}
    paints |= {"conflict": style.red, "missing": style.red, "removed": style.red}
    groups: dict[str, list[str]] = {word: [] for word in _MEANINGS}
    for table in tables:
        groups.setdefault(_word(table), []).append(table.name)
    for word, members in groups.items():
        if members:
            room = max(16, min(page.width // 2, page.width - _MEANING_ROOM - 14))
            listed = plural(len(members), "table") if word == "clean" else names(members, room)
            yield [
                Cell(pad(visible(word), _LABEL_ROOM), paints.get(word, style.yellow)),
                Cell(listed),
                Cell(_MEANINGS.get(word, ""), style.dim),
            ]


def migrations_words(migrations: dict[str, RecordedState]) -> str:
    """Return the migrations that rows were made for: `main alembic ae1027a6acf`; long lists of heads are folded."""
    return "; ".join(
        " ".join((visible(name), visible(state.tool), names(state.heads, 60) or "(none)"))
        for name, state in migrations.items()
    )


def _remote_words(dataset: DatasetStatus) -> str:
    if dataset.not_pushed is None:
        return "none"
    unknown = f"not known for {plural(dataset.not_known, 'object')}" if dataset.not_known else ""
    if dataset.not_pushed == 0:
        return unknown or "everything is pushed"
    return joined([f"{plural(dataset.not_pushed, 'object')} not pushed", unknown])


def _next_steps(report: StatusReport) -> list[Step]:
    if not report.datasets:
        return [Step("tdmvc add golden SOURCE", "create the first dataset")]
    steps: list[Step] = []
    for dataset in report.datasets:
        words = {_word(table) for table in dataset.tables}
        name = shell_word(dataset.name)
        if "conflict" in words:
            # Nothing else can be done with the dataset until then.
            steps.append(Step(f"tdmvc resolve {name}", "see the conflicts, and resolve them"))
            continue
        if dataset.leftovers:
            steps.append(Step(f"tdmvc resolve {name}", "remove the files of resolved conflicts"))
        if words & {"modified", "new"}:
            steps.append(Step(f"tdmvc add {name}", "add your edits"))
        elif words & {"added", "changed", "removed"}:
            steps.append(Step(f"tdmvc diff {name}", "see what changed, then git add and git commit"))
        changed = [one.name for one in dataset.sources if one.state is SourceState.CHANGED]
        if changed:
            which = "the source that changed" if len(changed) == 1 else "the sources that changed"
            steps.append(Step(f"tdmvc add {name} {' '.join(map(shell_word, changed))}", f"add {which}"))
        stages = {t.stage.rpartition(":")[2] for t in dataset.tables if t.stage and _word(t) == "missing"}
        if stages:
            steps.append(Step(f"dvc repro {' '.join(map(shell_word, sorted(stages)))}", "build the rows"))
        elif words & {"missing", "stale"}:
            steps.append(
                Step(f"tdmvc checkout {name}", "get the rows; use `tdmvc pull` if this clone lacks them")
            )
    if report.operation and not any("conflict" in map(_word, dataset.tables) for dataset in report.datasets):
        command = f"{'tdmvc' if report.operation == 'merge' else 'git'} {report.operation}"
        steps.append(Step(f"{command} --continue", f"finish the {report.operation}"))
        steps.append(Step(f"{command} --abort", f"undo the {report.operation}"))
    if any(dataset.uncommitted for dataset in report.datasets):
        steps.append(Step("git status", "see what is not committed, then git add and git commit"))
    if any(dataset.not_pushed for dataset in report.datasets):
        steps.append(Step("tdmvc push", "share the rows"))
    if any(dataset.not_known for dataset in report.datasets):
        steps.append(Step("tdmvc status --remote", "ask the remote what it has"))
    return steps


STATUS_FORMATS: Formats[StatusReport] = formats_of(render)
