"""The methods of `Repository` about versions, branches and what changed when."""

from collections.abc import Sequence

from tdmvc.actions.blame import DEFAULT_ROWS, BlameOptions, blame
from tdmvc.actions.log import log
from tdmvc.actions.merge import merge
from tdmvc.actions.merge_check import merge_check
from tdmvc.actions.publish import PublishOptions, publish
from tdmvc.actions.resolve import ResolveOptions, resolve
from tdmvc.actions.revert import RevertOptions, revert
from tdmvc.actions.review import review
from tdmvc.actions.row_log import log_row
from tdmvc.actions.show import list_versions, show
from tdmvc.actions.yank import yank
from tdmvc.api.arguments import chosen
from tdmvc.api.base import OpenRepository, method
from tdmvc.model.diff import BumpLevel
from tdmvc.model.history import BlameReport, HistoryReport, RowHistory
from tdmvc.model.merge import Choice, Decision
from tdmvc.model.merge_report import MergeCheck, MergeReport, ResolveReport, RevertReport
from tdmvc.model.options import FastForward, LogOptions, MergeOptions
from tdmvc.model.report import DatasetSummary, PublishReport, ShowReport, YankReport
from tdmvc.model.review import Review

_BUMPS = (BumpLevel.MAJOR, BumpLevel.MINOR, BumpLevel.PATCH)


class HistoryMethods(OpenRepository):
    """Versions, history, reviews and merges."""

    @method("log")
    def log(
        self,
        ref: str,
        table: str | None = None,
        *,
        versions: bool = False,
        most: int | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> HistoryReport:
        """Return the commits, or published versions, that changed a dataset or one table, newest first."""
        options = LogOptions(most, since, until, by_version=versions)
        return log(self._workspace, ref, table, options)

    @method("log_row")
    def log_row(
        self,
        ref: str,
        table: str,
        *key: str,
        versions: bool = False,
        most: int | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> RowHistory:
        """Return the commits, or published versions, that changed one row; write the key as for `log --key`."""
        options = LogOptions(most, since, until, by_version=versions)
        return log_row(self._workspace, ref, table, key, options)

    @method("blame")
    def blame(
        self,
        ref: str,
        table: str,
        *key: str,
        rows: int | None = DEFAULT_ROWS,
        columns: Sequence[str] = (),
        versions: bool = False,
    ) -> BlameReport:
        """Return who last changed each cell of the first rows, or of the row with a key."""
        return blame(self._workspace, ref, table, BlameOptions(key, rows, columns, by_version=versions))

    @method("review")
    def review(self, base: str | None = None, *, head: str | None = None, sample_rows: int = 20) -> Review:
        """Return what a branch changed since it left its base, with the findings of the checks."""
        return review(self._workspace, base, head=head, sample_rows=sample_rows)

    @method("merge")
    def merge(
        self,
        branch: str,
        *,
        message: str | None = None,
        commit: bool = True,
        fast_forward: str = "auto",
        allow_broken: bool = False,
    ) -> MergeReport:
        """Merge a branch into HEAD, tables by their rows; `fast_forward` is auto, only or never."""
        options = MergeOptions(
            message,
            is_committed=commit,
            fast_forward=chosen("fast_forward", fast_forward, tuple(FastForward)),
            allow_broken=allow_broken,
        )
        return merge(self._workspace, [branch], options)

    @method("merge-check")
    def merge_check(self, base: str, head: str = "HEAD") -> MergeCheck:
        """Report what a merge of a revision into its base would break, without making it."""
        return merge_check(self._workspace, base, head)

    @method("resolve")
    def resolve(
        self,
        dataset: str | None = None,
        table: str | None = None,
        *,
        choice: Choice | None = None,
        key: Sequence[str] = (),
        column: str | None = None,
        again: bool = False,
        force: bool = False,
    ) -> ResolveReport:
        """Resolve conflicts with a side or a value; without a choice, apply the decisions in the conflict files."""
        decision = Decision(choice, column, tuple(key)) if choice is not None else None
        return resolve(self._workspace, dataset, table, ResolveOptions(decision, is_again=again, force=force))

    @method("revert")
    def revert(
        self, dataset: str, ref: str, *, tables: Sequence[str] = (), parent: int | None = None
    ) -> RevertReport:
        """Undo a commit, a version or a range in the working copy, and keep later changes."""
        return revert(self._workspace, dataset, ref, RevertOptions(tuple(tables), parent))

    @method("publish")
    def publish(
        self,
        dataset: str,
        version: str | None = None,
        *,
        bump: str = "auto",
        release: str | None = None,
        tag: bool = False,
        push: bool = False,
        notes: str | None = None,
        allow_lower_bump: bool = False,
        allow_unchanged: bool = False,
        allow_invalid: bool = False,
    ) -> PublishReport:
        """Publish the current state as an immutable version."""
        options = PublishOptions(
            bump=None if bump == "auto" else chosen("bump", bump, _BUMPS, default="auto"),
            release=release,
            allow_lower_bump=allow_lower_bump,
            allow_unchanged=allow_unchanged,
            allow_invalid=allow_invalid,
            tag=tag,
            push=push,
            notes=notes,
        )
        return publish(self._workspace, dataset, version, options)

    @method("yank")
    def yank(self, ref: str, *, reason: str) -> YankReport:
        """Mark a published version as bad, so that no release chooses it."""
        return yank(self._workspace, ref, reason=reason)

    @method("list")
    def list(self, *datasets: str) -> Sequence[DatasetSummary]:
        """Return datasets with their published versions."""
        return list_versions(self._workspace, datasets)

    @method("show")
    def show(self, ref: str) -> ShowReport:
        """Describe a state: tables, keys, types, references, release and migrations."""
        return show(self._workspace, ref)
