"""`review`: what a branch changes in the test data, and what a person must decide about it."""

import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from tdmvc.changes.related import relate_rows
from tdmvc.changes.shifts import measure_shifts
from tdmvc.checks.changed_rules import ChangedRules, new_demands
from tdmvc.checks.classification import check_classification
from tdmvc.checks.drift import drift_findings
from tdmvc.checks.new_violations import CheckedState
from tdmvc.checks.not_evaluated import group_not_evaluated
from tdmvc.errors import ConfigError, NotFoundError
from tdmvc.formats import datasets
from tdmvc.formats.dataset import DATASET_FILE
from tdmvc.formats.pointers import pointer_path, read_pointers
from tdmvc.gitrepo.log import count_commits, read_commit_times
from tdmvc.model.dataset import DatasetConfig, DatasetState, Pointer
from tdmvc.model.diff import Bump, BumpLevel, DatasetDiff, Samples, TableDiff, TableStatus
from tdmvc.model.finding import Finding
from tdmvc.model.options import DiffOptions
from tdmvc.model.review import (
    WORKING_TREE,
    ComparedCommits,
    DatasetReview,
    Review,
    ReviewedCommit,
    ReviewSide,
    Shift,
    Verdict,
    judge,
)
from tdmvc.model.rules import Query, References, Rule
from tdmvc.model.schema import Contract
from tdmvc.model.text import short_commit
from tdmvc.model.tree import FileTree
from tdmvc.workspace.applied_tables import check_recorded
from tdmvc.workspace.comparison import Sides, diff_sides, open_sides
from tdmvc.workspace.drift import drift_at
from tdmvc.workspace.published import check_published
from tdmvc.workspace.tables import edited_tables, is_working_copy
from tdmvc.workspace.validation import ALL_RULES, validation_options
from tdmvc.workspace.versions import equal_versions, versions
from tdmvc.workspace.workspace import Workspace

_MOST_SAMPLES = 50_000
"""Sample rows of one kind in all tables together; a page has room for fewer."""
_LEAST_SAMPLES = 20


def review(
    workspace: Workspace,
    base: str | None = None,
    *,
    head: str | None = None,
    sample_rows: int = 20,
    environ: Mapping[str, str] = os.environ,
) -> Review:
    """Compare the commit where a branch left its base with the work tree, and check the result.

    Args:
        base: a revision; None means the target branch in CI, or else the remote's main branch.
        head: a revision instead of the work tree.
        sample_rows: rows to keep of each kind and table; fewer if very many tables changed.

    Raises:
        NotFoundError: a revision is unknown, or the two have no common commit in this clone.
        PartError: needed rows cannot be found.
    """
    base = base or _find_base(workspace, environ)
    commits = _commits(workspace, base, head or "HEAD")
    # The state that is compared is not the branch's any more once the branch has moved on.
    old_ref = short_commit(commits.merge_base.id) if commits.has_moved_on else base
    start = workspace.git.tree(commits.merge_base.id)
    end = workspace.git.tree(workspace.git.resolve(head)) if head else workspace.tree
    before, after = (datasets.list_datasets(tree, workspace.config) for tree in (start, end))
    found_by_name: dict[str, tuple[Finding, ...]] = {}
    drifted = _drift_findings(workspace, [f"{name}@{head}" if head else name for name in after], head)
    published = check_published(workspace, end, sorted({*before, *after}), [head or "HEAD"])
    for finding in (*published, *drifted):
        name = str(finding.dataset)
        found_by_name[name] = (*found_by_name.get(name, ()), finding)
    reviews: list[DatasetReview] = []
    unchanged: list[str] = []
    for name in sorted({*before, *after}):
        old = _state(workspace, start, name, f"{name}@{old_ref}", is_there=name in before)
        new = _state(workspace, end, name, f"{name}@{head}" if head else name, is_there=name in after)
        findings = (*found_by_name.get(name, ()), *_record_findings(workspace, old, new, head))
        found = _review_dataset(workspace, old, new, findings, sample_rows)
        if found.verdict is Verdict.UNCHANGED:
            unchanged.append(name)
        else:
            reviews.append(replace(found, commands=_commands(base, head, name)))
    workspace.store.index.save()
    command = f"tdmvc review {shlex.quote(base)}" + (f" --head {shlex.quote(head)}" if head else "")
    return Review(base, head or WORKING_TREE, tuple(reviews), tuple(unchanged), (command,), commits)


def with_few_samples(found: Review, sample_rows: int) -> Review:
    """Return the review with at most so many sample rows of each kind and table."""
    return replace(found, datasets=tuple(_with_few_samples(one, sample_rows) for one in found.datasets))


def annotation_paths(workspace: Workspace, head: str | None = None) -> Callable[[str, str | None], str]:
    """Return a function from a dataset and a table, or None, to the file to which an annotation belongs.

    Args:
        head: the revision that holds the tables, instead of the work tree.
    """
    tree = workspace.git.tree(head) if head else workspace.tree

    @cache
    def pointers(folder: str) -> Mapping[str, Pointer]:
        try:
            return read_pointers(tree, folder)
        except ConfigError:
            # A faulty file is reported elsewhere; the other tables get the path that is usual for their name.
            return {}

    def path_of(dataset: str, table: str | None) -> str:
        folder = workspace.dataset_path(dataset)
        if table is None:
            return f"{folder}/{DATASET_FILE}"
        return pointer_path(folder, pointers(folder).get(table) or Pointer(table, ""))

    return path_of


def _review_dataset(
    workspace: Workspace,
    old: DatasetState,
    new: DatasetState,
    findings: tuple[Finding, ...],
    sample_rows: int,
) -> DatasetReview:
    if _is_untouched(workspace, old, new):
        diff = DatasetDiff(new.name, old.ref, new.ref, (), Bump(BumpLevel.NONE))
        verdict, reasons = judge(diff, findings)
        return DatasetReview(verdict, reasons, _side(workspace, old), _side(workspace, new), diff, findings)
    sides = open_sides(workspace, old, new)
    touched = sum(_differs(sides, name) for name in {*sides.old, *sides.new})
    room = max(_LEAST_SAMPLES, _MOST_SAMPLES // max(touched, 1))
    diff = diff_sides(workspace, old, new, sides, options=DiffOptions(min(sample_rows, room)))
    findings = _worst_first((*_check(workspace, old, new, sides, diff), *findings))
    verdict, reasons = judge(diff, findings)
    return DatasetReview(
        verdict,
        reasons,
        _side(workspace, old),
        _side(workspace, new),
        diff,
        findings,
        relate_rows(diff.tables),
        _shifts(workspace, sides, diff),
    )


def _with_few_samples(found: DatasetReview, count: int) -> DatasetReview:
    tables = tuple(
        replace(
            table,
            samples=Samples(
                table.samples.added[:count], table.samples.removed[:count], table.samples.changed[:count]
            ),
        )
        for table in found.diff.tables
    )
    return replace(found, diff=replace(found.diff, tables=tables), units=relate_rows(tables))


def _check(
    workspace: Workspace, old: DatasetState, new: DatasetState, sides: Sides, diff: DatasetDiff
) -> tuple[Finding, ...]:
    """Return what the checks find in the changed tables, without repeating what the diff found."""
    changed = {table.name for table in diff.tables if table.is_changed} & set(sides.new)
    known = {(finding.rule, finding.table) for finding in diff.findings}
    moved = {table.name for table in diff.tables if _may_break(table, sides)}
    rules = {*_suspect_rules(new, changed, moved), *new_demands(old.contract, new.contract)}
    declared = (CheckedState(sides.old, old.contract.tables), CheckedState(sides.new, new.contract.tables))
    with validation_options(workspace, ALL_RULES) as options:
        check = ChangedRules(workspace.engine, declared[:1], options, new.ref)
        redeclared = {
            name for name, table in new.contract.tables.items() if table != old.contract.table(name)
        }
        columns = check.check_columns(declared[1], changed | (redeclared & set(sides.new)))
        broken = [*columns, *check.check(declared[1], rules)]
    classification = check_classification(
        {name: side.schema for name, side in sides.old.items()},
        {name: side.schema for name, side in sides.new.items()},
        diffs=diff.tables,
    )
    found = (*group_not_evaluated(broken), *classification)
    news = tuple(finding for finding in found if (finding.rule, finding.table) not in known)
    return tuple(replace(finding, dataset=new.name) for finding in (*diff.findings, *news))


def _suspect_rules(new: DatasetState, changed: set[str], moved: set[str]) -> Iterator[Rule]:
    """Yield the rules that a change of tables may break.

    Args:
        changed: all tables that changed.
        moved: those whose change may break a reference.
    """
    for rule in new.contract.rules:
        match rule.test:
            case References(reference):
                touched = {rule.table, reference.table} & moved
            case Query() as query:
                touched = {rule.table, *query.tables_in(changed)} & changed
            case _:
                touched = {rule.table} & changed
        if touched:
            yield rule


def _may_break(table: TableDiff, sides: Sides) -> bool:
    """Return whether a table changed in a way that can break a reference; checking one reads both tables."""
    if table.status is not TableStatus.CHANGED or table.schema or table.is_natural_key:
        # With a natural key, the ids that other tables refer to may have changed.
        return table.is_changed
    if table.rows.added or table.rows.removed:
        return True
    ends = {name for reference in table.references for name in reference.columns}
    for side in sides.new.values():
        ends.update(name for r in side.schema.references if r.table == table.name for name in r.to)
    return not ends.isdisjoint({*table.columns, *table.ignored})


def _shifts(workspace: Workspace, sides: Sides, diff: DatasetDiff) -> tuple[Shift, ...]:
    shifts: list[Shift] = []
    for table in diff.tables:
        if table.status in {TableStatus.CHANGED, TableStatus.RENAMED}:
            old, new = sides.old[table.old_name or table.name], sides.new[table.name]
            shifts += measure_shifts(workspace.engine, old, new, table)
    return tuple(sorted(shifts, key=lambda s: (-s.score / s.threshold, s.table, s.column, s.kind)))


def _drift_findings(workspace: Workspace, refs: Sequence[str], head: str | None) -> list[Finding]:
    """Check whether the rows still fit the schema of the same tree; a branch may only add a migration."""
    if not refs or not workspace.config.migrations:
        return []
    return list(drift_findings(drift_at(workspace, refs, head)))


def _record_findings(
    workspace: Workspace, old: DatasetState, new: DatasetState, head: str | None
) -> list[Finding]:
    """Check whether a changed dataset.yaml or migration table says what the other one says."""
    if (old.pointers, old.config.migrations) == (new.pointers, new.config.migrations):
        return []
    return check_recorded(workspace, new, head)


def _is_untouched(workspace: Workspace, old: DatasetState, new: DatasetState) -> bool:
    objects = [{name: p.object for name, p in state.pointers.items()} for state in (old, new)]
    return (
        objects[0] == objects[1]
        and old.contract == new.contract
        and not (is_working_copy(new) and edited_tables(workspace, new))
    )


def _differs(sides: Sides, name: str) -> bool:
    old, new = sides.old.get(name), sides.new.get(name)
    return old is None or new is None or set(old.parts) != set(new.parts)


def _state(workspace: Workspace, tree: FileTree, name: str, ref: str, *, is_there: bool) -> DatasetState:
    if not is_there:
        return DatasetState(ref, DatasetConfig(name), Contract(), {})
    return replace(datasets.read_state(tree, workspace.config, name), ref=ref)


def _side(workspace: Workspace, state: DatasetState) -> ReviewSide:
    """Describe a side, with the version that it equals; edits that were not added are not in its pointers."""
    equal = equal_versions(workspace, state, versions(workspace, state.name)) if state.pointers else []
    newest = equal[0] if equal else None
    return ReviewSide(
        state.ref,
        str(newest.version) if newest else None,
        newest.release if newest else None,
        {name: tuple(recorded.heads) for name, recorded in sorted(state.config.migrations.items())},
    )


def _commits(workspace: Workspace, base: str, head: str) -> ComparedCommits:
    git = workspace.git
    ids = (git.merge_base(base, head), git.resolve(base), git.resolve(head))
    times = read_commit_times(git, ids)
    old, tip, new = (ReviewedCommit(id_, datetime.fromtimestamp(times[id_], UTC)) for id_ in ids)
    since = count_commits(git, new.id, tip.id) if tip != old else 0
    return ComparedCommits(old, tip, new, since)


def _find_base(workspace: Workspace, environ: Mapping[str, str]) -> str:
    """Return the branch that this one will be merged into, from CI or the remote."""
    target = environ.get("GITHUB_BASE_REF") or environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
    guesses = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
    for candidate in (f"origin/{target}", target) if target else guesses:
        if workspace.git.try_resolve(candidate):
            return candidate
    if target:
        # Another branch would give a wrong review that looks right.
        raise NotFoundError(
            f"The target branch in CI is '{target}', which is not in this clone.",
            where=str(workspace.root),
            remedy=f"run `{_fetch_command(target)}` before the review, or name another base:"
            " `tdmvc review BRANCH`.",
        )
    raise NotFoundError(
        "There is no branch main or master to compare with, here or on origin.",
        where=str(workspace.root),
        remedy="name the base: `tdmvc review BRANCH`; a branch that is not in this clone has to be fetched first:"
        f" `{_fetch_command('BRANCH')}`.",
    )


def _fetch_command(branch: str) -> str:
    return f"git fetch origin {shlex.quote(f'{branch}:refs/remotes/origin/{branch}')}"


def _commands(base: str, head: str | None, name: str) -> tuple[str, ...]:
    pair = f"{name}@{base}...{name}@{head}" if head else f"{name}@{base}...{name}"
    return (f"tdmvc diff {shlex.quote(pair)}",)


def _worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda f: (-f.severity.rank, f.table or "", f.rule, f.columns)))
