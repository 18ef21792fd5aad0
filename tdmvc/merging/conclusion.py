"""Ends a merge: commits it if it breaks no rule, with the options that all merges share."""

from dataclasses import dataclass, replace
from enum import StrEnum

from tdmvc.gitrepo.merge import (
    commit_merge,
)
from tdmvc.model.merge_report import MergeReport, MergeStatus
from tdmvc.workspace.workspace import Workspace


class FastForward(StrEnum):
    """Whether a merge may, must or must not be a fast-forward."""

    AUTO = "auto"
    ONLY = "only"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class MergeOptions:
    """How to merge."""

    message: str | None = None
    is_committed: bool = True
    fast_forward: FastForward = FastForward.AUTO
    allow_broken: bool = False
    """Commit even if the merged rows break a rule that both sides kept."""


def conclude(workspace: Workspace, report: MergeReport, options: MergeOptions) -> MergeReport:
    """Commit a merge without conflicts, unless it breaks something or the options forbid a commit."""
    is_broken = any(one.is_broken or one.unchecked for one in report.datasets)
    if is_broken and not options.allow_broken:
        return replace(report, status=MergeStatus.BROKEN)
    commit = commit_merge(workspace.git, options.message) if options.is_committed else None
    return replace(report, commit=commit, is_allowed=is_broken)
