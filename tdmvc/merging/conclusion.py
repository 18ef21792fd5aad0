"""Ends a merge: commits it if it breaks no rule, with the options that all merges share."""

import posixpath
from dataclasses import replace

from tdmvc.errors import LocalWorkError, format_names
from tdmvc.gitrepo.attributes import MANIFESTS
from tdmvc.gitrepo.merge import commit_merge
from tdmvc.gitrepo.merge_record import (
    MergeRecord,
    files_with_markers,
    is_untouched,
    missing_files,
    remove_record,
)
from tdmvc.model.merge_report import MergeReport, MergeStatus
from tdmvc.model.options import MergeOptions
from tdmvc.workspace.workspace import Workspace


def conclude(workspace: Workspace, report: MergeReport, options: MergeOptions) -> MergeReport:
    """Commit a merge without conflicts, unless it breaks something or the options forbid a commit."""
    is_broken = any(one.is_broken or one.unchecked for one in report.datasets)
    if is_broken and not options.allow_broken:
        return replace(report, status=MergeStatus.BROKEN)
    commit = None
    if options.is_committed:
        commit = commit_merge(workspace.git, options.message)
        remove_record(workspace.git)
    return replace(report, commit=commit, is_allowed=is_broken)


def is_pointer(workspace: Workspace, path: str) -> bool:
    """Return whether a file is the pointer of a dataset's table."""
    return path.endswith(".dvc") and _is_in_datasets(workspace, path)


def is_merged_by_tdmvc(workspace: Workspace, path: str) -> bool:
    """Return whether a file is a pointer or a manifest of a dataset, which tdmvc merges in place of Git."""
    is_manifest = posixpath.basename(path) in MANIFESTS and _is_in_datasets(workspace, path)
    return is_manifest or is_pointer(workspace, path)


def _is_in_datasets(workspace: Workspace, path: str) -> bool:
    top = posixpath.normpath(workspace.config.datasets_folder)
    return top == "." or path.startswith(top + "/")


def refuse_incomplete(workspace: Workspace, record: MergeRecord) -> None:
    """Raise an error unless the index holds what the other branch changed.

    Another program may have held the index while Git merged. Pointers and manifests that are as on our
    side count only if nothing else of the merge is there: you may have chosen our rows.

    Raises:
        LocalWorkError: changes are missing, or a file was staged with its conflict markers.
    """
    git = workspace.git
    marked = [p for p in files_with_markers(git, record) if not is_merged_by_tdmvc(workspace, p)]
    if marked:
        raise LocalWorkError(
            f"Conflict markers are staged in {format_names(marked)}.",
            where=str(git.root),
            remedy="remove the markers, run `git add` on the files, then `tdmvc merge --continue`.",
        )
    missing = missing_files(git, record)
    code = [path for path in missing if not is_merged_by_tdmvc(workspace, path)]
    if code or (missing and is_untouched(git, record)):
        raise LocalWorkError(
            f"The merge lacks what {record.branch} changes in {format_names(code or missing)}.",
            where=f"{git.root}: Git's index holds these files as they were before the merge",
            remedy="undo the merge with `tdmvc merge --abort`, then merge again; "
            "if you left the changes out on purpose, run `git commit`.",
        )
