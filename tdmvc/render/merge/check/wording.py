"""The remarks about a checked merge that all formats share."""

from collections.abc import Iterator
from dataclasses import dataclass

from tdmvc.model.finding import Finding, Severity
from tdmvc.model.merge_report import MergeCheck, MergeStatus, MovedDataset, MovedTable, TableMove
from tdmvc.model.migration import Drift, DriftStatus
from tdmvc.model.text import plural
from tdmvc.render.cells import visible
from tdmvc.render.drift.wording import drift_lines, drift_words
from tdmvc.render.merge.wording import conflict_count, conflict_lines, move_words

_MOST_CONFLICTS = 20


@dataclass(frozen=True, slots=True)
class Remark:
    """One effect of a merge that people should know about; all texts are visible."""

    severity: Severity
    rule: str
    """A stable name: `conflict`, a rule of a check, `drift-behind`."""
    dataset: str | None
    """None for a file outside the datasets."""
    table: str | None
    message: str
    lines: tuple[str, ...] = ()
    """Details, and what to do."""
    path: str = ""
    """The file, if it is not a pointer."""

    @property
    def place(self) -> str:
        """`golden/orders`, `golden`, or the file."""
        if self.dataset is None:
            return visible(self.path)
        return visible(self.dataset) + (f"/{visible(self.table)}" if self.table else "")


def remarks(check: MergeCheck) -> Iterator[Remark]:
    """Yield what prevents the merge, then what was already so before it."""
    found = [*_remarks(check)]
    for severity in Severity:
        yield from (remark for remark in found if remark.severity is severity)


def check_verdict(check: MergeCheck) -> tuple[str, str]:
    """Return the answer in a word, and its details."""
    sides = f"{visible(check.head)} into {visible(check.base)}"
    if check.status is MergeStatus.UP_TO_DATE:
        return "Nothing to merge", f"{visible(check.base)} already contains {visible(check.head)}"
    problems = []
    count = conflict_count(check.datasets) + len(check.files)
    if count:
        problems.append(plural(count, "conflict"))
    broken = sum(f.severity is Severity.ERROR for one in check.datasets for f in one.findings)
    if broken:
        problems.append(f"{plural(broken, 'rule')} broken by the merge")
    if check.failing_drifts:
        problems.append(
            f"{plural(len(check.failing_drifts), 'dataset')} out of step with the merged migrations"
        )
    if problems:
        return "Does not merge", f"{sides}: {', '.join(problems)}"
    tables = sum(len(dataset.tables) for dataset in check.datasets)
    return "Merges", f"{sides}: {plural(tables, 'table')} in {plural(len(check.datasets), 'dataset')}"


def _remarks(check: MergeCheck) -> Iterator[Remark]:
    for path in check.files:
        yield Remark(
            Severity.ERROR,
            "conflict",
            None,
            None,
            f"{visible(path)} is in conflict.",
            (f"Fix: {_merge_words(check)}, and resolve the conflict.",),
            path,
        )
    for dataset in check.datasets:
        for table in dataset.open_tables:
            yield _conflict(check, dataset, table)
        for finding in dataset.findings:
            yield _finding(dataset, finding)
        if dataset.unchecked:
            message = f"The merged rows were not checked: {visible(dataset.unchecked)}"
            yield Remark(Severity.WARNING, "unchecked", dataset.name, None, message)
    for drift in check.drifts:
        if drift.status is not DriftStatus.IN_STEP:
            yield _drift(check, drift)
        elif drift.problems:
            yield _problems(check, drift)


def _merge_words(check: MergeCheck) -> str:
    return f"merge {visible(check.base)} into {visible(check.head)}"


def _conflict(check: MergeCheck, dataset: MovedDataset, table: MovedTable) -> Remark:
    lines = list(conflict_lines(table.merge, most=_MOST_CONFLICTS)) if table.merge else []
    if table.move is TableMove.STAGE:
        rule, remedy = "stage", f"{_merge_words(check)}, run `dvc repro`, and commit dvc.lock"
    else:
        rule, remedy = "conflict", f"{_merge_words(check)} with `tdmvc merge`, and resolve it there"
    message = f"{visible(dataset.name)}/{visible(table.name)}: {move_words(table)}."
    lines.append(f"Fix: {remedy}.")
    return Remark(Severity.ERROR, rule, dataset.name, table.name, message, tuple(lines))


def _finding(dataset: MovedDataset, finding: Finding) -> Remark:
    remedy = (f"Fix: {visible(finding.remedy)}",) if finding.remedy else ()
    return Remark(
        finding.severity, finding.rule, dataset.name, finding.table, visible(finding.message), remedy
    )


def _drift(check: MergeCheck, drift: Drift) -> Remark:
    which = (drift.dataset, drift.location)
    severity = Severity.ERROR if which in check.failing_drifts else Severity.INFO
    message = f"{visible(drift.ref)} would be {drift_words(drift)} (migrations {visible(drift.location)})."
    # What makes a history unreadable is in the lines of its drift.
    problems = drift.problems if drift.status is not DriftStatus.UNREADABLE else ()
    lines = [*(visible(problem.message) for problem in problems), *drift_lines(drift)]
    if which in check.old_drifts:
        severity = Severity.WARNING
        message = f"{message.removesuffix('.')}, as it already is on both sides."
    return Remark(severity, f"drift-{drift.status.value}", drift.dataset, None, message, tuple(lines))


def _problems(check: MergeCheck, drift: Drift) -> Remark:
    """Return the remark on a dataset that is in step with migrations that have problems."""
    which = (drift.dataset, drift.location)
    is_old = ", as they already have on both sides" if which in check.old_drifts else ""
    severity = Severity.ERROR if which in check.failing_drifts else Severity.WARNING
    message = (
        f"The merged migrations {visible(drift.location)} of {visible(drift.ref)} have problems{is_old}."
    )
    lines = [visible(problem.message) for problem in drift.problems]
    fix = "Fix: correct the migrations; several heads need a migration that merges them."
    return Remark(severity, "migration-problems", drift.dataset, None, message, (*lines, fix))
