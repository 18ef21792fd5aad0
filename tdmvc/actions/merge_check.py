"""`merge-check`: reports the conflicts, broken rules and drift of a merge without making it."""

import shlex
from collections.abc import Collection, Sequence
from dataclasses import replace

from tdmvc.checks.drift import drift_findings
from tdmvc.errors import ConfigError, NotFoundError
from tdmvc.formats.datasets import list_datasets
from tdmvc.gitrepo.merge_preview import preview_merge
from tdmvc.gitrepo.prepared_merge import PreparedMerge
from tdmvc.merging.plan import MergePlan, plan_merge, planned_files, prepared_files
from tdmvc.merging.result import moved_dataset
from tdmvc.model.finding import Finding
from tdmvc.model.merge_report import MergeCheck, MergeStatus, MovedDataset
from tdmvc.model.migration import MERGE_FAIL_ON, Drift
from tdmvc.model.tree import FileTree
from tdmvc.workspace.drift import drift_at, drift_of_merge
from tdmvc.workspace.published import check_published
from tdmvc.workspace.workspace import Workspace


def merge_check(
    workspace: Workspace,
    base: str,
    head: str = "HEAD",
    *,
    fail_on: frozenset[str] = MERGE_FAIL_ON,
) -> MergeCheck:
    """Merge a revision into its base in memory, and check the result.

    Neither the work tree nor the index changes; merged parts are kept in the cache.

    Args:
        base: the revision that is merged into.
        head: the revision that is merged.
        fail_on: drift of the merged result, or PROBLEMS of its migrations, that count as failure, unless both
            sides already have them.

    Raises:
        NotFoundError: a revision is unknown, or the two share no history in this clone.
        PartError: needed rows cannot be found.
        UsageError: Git is too old.
    """
    for revision in (base, head):
        _need_revision(workspace, revision)
    plan = plan_merge(workspace, base, head)
    if plan.is_up_to_date:
        return MergeCheck(base, head, MergeStatus.UP_TO_DATE)
    prepared = PreparedMerge(
        workspace.git,
        workspace.temporary_folder(),
        workspace.config.datasets_folder,
        prepared_files(workspace, plan),
    )
    merged = preview_merge(workspace.git, plan.ours, plan.theirs, prepared)
    files = _files_in_conflict(workspace, plan, merged.conflicts)
    # Those that only an older branch still has were removed before.
    trees = (merged, workspace.git.tree(workspace.git.resolve(base)))
    names = sorted({name for tree in trees for name in list_datasets(tree, workspace.config)})
    checked = [_without_commands(moved_dataset(workspace, one, merged, one.name)) for one in plan.datasets]
    checked = _with_published(checked, check_published(workspace, merged, names, (plan.ours, plan.theirs)))
    moved = tuple(one for one in checked if one.tables or one.findings or one.unchecked)
    drifts = measure_drift(workspace, merged, plan)
    failed = {(str(f.dataset), str(f.details["location"])) for f in drift_findings(drifts, fail_on)}
    old = frozenset(one for one in failed if _is_old(workspace, drifts, one, (base, head)))
    workspace.store.index.save()
    status = MergeStatus.FAST_FORWARD if plan.is_fast_forward else MergeStatus.MERGED
    if files or any(one.open_tables for one in moved):
        status = MergeStatus.OPEN
    elif any(one.is_broken for one in moved):
        status = MergeStatus.BROKEN
    return MergeCheck(base, head, status, moved, files, tuple(drifts), old, frozenset(failed) - old)


def _need_revision(workspace: Workspace, revision: str) -> None:
    """Raise if a revision is not in this clone; the error names the command that fetches a branch."""
    remote, slash, branch = revision.partition("/")
    git = workspace.git
    if git.try_resolve(revision) is None and slash and remote in git.commands.run("remote").split():
        spec = shlex.quote(f"{branch}:refs/remotes/{revision}")
        deep = " --unshallow" if git.is_shallow else ""
        raise NotFoundError(
            f"The branch '{revision}' is not in this clone.",
            where=str(git.root),
            remedy=f"fetch it first: `git fetch{deep} {shlex.quote(remote)} {spec}`.",
        )
    git.resolve(revision)


def _files_in_conflict(workspace: Workspace, plan: MergePlan, conflicts: Collection[str]) -> tuple[str, ...]:
    """Return the files besides tables that would be in conflict."""
    planned = {path: is_settled for path, _, is_settled in planned_files(workspace, plan)}
    tables = {path for path in planned if path.endswith(".dvc")}
    resolved = {path for path, is_settled in planned.items() if is_settled}
    left = {path for path, is_settled in planned.items() if not is_settled}
    return tuple(sorted((({*conflicts} - resolved) | left) - tables))


def _with_published(checked: Sequence[MovedDataset], findings: Sequence[Finding]) -> list[MovedDataset]:
    """Add the findings about published versions to their datasets, which the merge may not have moved."""
    datasets = {one.name: one for one in checked}
    for finding in findings:
        name = str(finding.dataset)
        old = datasets.get(name, MovedDataset(name, ()))
        datasets[name] = replace(old, findings=(*old.findings, finding))
    return [datasets[name] for name in sorted(datasets)]


def _without_commands(dataset: MovedDataset) -> MovedDataset:
    """Remove the commands from remedies: no command can show rows that are in no working copy."""
    findings = (replace(one, remedy=_without_command(one)) for one in dataset.findings)
    return replace(dataset, findings=tuple(findings))


def _without_command(finding: Finding) -> str:
    return finding.remedy.split("; see ")[0].removesuffix(".") + "." if finding.remedy else ""


def measure_drift(workspace: Workspace, merged: FileTree, plan: MergePlan) -> list[Drift]:
    try:
        return drift_of_merge(workspace, merged, (plan.ours, plan.theirs))
    except ConfigError:
        # tdmvc.yaml is in conflict, which is reported elsewhere.
        return []


def _is_old(
    workspace: Workspace, drifts: list[Drift], which: tuple[str, str], sides: tuple[str, str]
) -> bool:
    """Return whether both sides already have the same drift."""
    merged = next(one for one in drifts if (one.dataset, one.location) == which)
    for revision in sides:
        try:
            found = drift_at(workspace, [f"{merged.dataset}@{revision}"], revision)
        except NotFoundError:
            return False
        if not any(_is_same(one, merged) for one in found):
            return False
    return True


def _is_same(one: Drift, other: Drift) -> bool:
    facts = [
        (
            drift.location,
            drift.status,
            {m.id for m in drift.pending},
            set(drift.extra),
            {problem.message for problem in drift.problems},
        )
        for drift in (one, other)
    ]
    return facts[0] == facts[1]
