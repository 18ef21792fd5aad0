"""Ends a merge: commits it if it breaks no rule, with the options that all merges share."""

from dataclasses import replace

from tdmvc.gitrepo.merge import commit_merge
from tdmvc.model.merge_report import MergeReport, MergeStatus
from tdmvc.model.options import MergeOptions
from tdmvc.workspace.workspace import Workspace


def conclude(workspace: Workspace, report: MergeReport, options: MergeOptions) -> MergeReport:
    """Commit a merge without conflicts, unless it breaks something or the options forbid a commit."""
    is_broken = any(one.is_broken or one.unchecked for one in report.datasets)
    if is_broken and not options.allow_broken:
        return replace(report, status=MergeStatus.BROKEN)
    commit = commit_merge(workspace.git, options.message) if options.is_committed else None
    return replace(report, commit=commit, is_allowed=is_broken)
