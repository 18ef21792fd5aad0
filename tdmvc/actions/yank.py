"""`yank`: marks a published version as bad, so that no release chooses it."""

from dataclasses import replace
from datetime import UTC, datetime

from tdmvc.errors import NotFoundError, UsageError
from tdmvc.formats.yanks import render_yank, yank_path
from tdmvc.model.reference import parse_reference
from tdmvc.model.report import YankReport
from tdmvc.model.text import timestamp
from tdmvc.model.version import SemVer, Yank
from tdmvc.workspace.transaction import Transaction
from tdmvc.workspace.versions import versions
from tdmvc.workspace.workspace import Workspace


def yank(workspace: Workspace, ref: str, *, reason: str) -> YankReport:
    """Write the file that marks a version as bad; the version itself stays as it was published.

    The same yank again changes nothing.

    Args:
        ref: a version, such as `golden@1.1.0`.

    Raises:
        NotFoundError: there is no such dataset or version.
        UsageError: the reference is not a version, the reason is empty, or the version is yanked for another reason.
    """
    if not reason.strip():
        raise UsageError(
            "The reason is empty.", remedy="say what is wrong with the version: --reason 'Totals are wrong'."
        )
    wanted = parse_reference(ref)
    number = SemVer.parse(wanted.at or "")
    if wanted.dataset is None or number is None:
        raise UsageError(
            f"'{ref}' does not name a version.", remedy="write DATASET@VERSION, for example golden@1.1.0."
        )
    workspace.chosen([wanted.dataset])
    with workspace.writing(wanted.dataset) as journal:
        published = {version.version: version for version in versions(workspace, wanted.dataset)}
        version = published.get(number)
        if version is None:
            known = [str(one) for one in reversed(published)]
            raise NotFoundError.named(f"version of {wanted.dataset}", str(number), known)
        path = yank_path(workspace.dataset_path(wanted.dataset), number)
        others = tuple(
            one.version for one in published.values() if one.yank is None and one.version != number
        )
        latest = max(others, default=None)
        if version.yank is not None and version.yank.reason == reason.strip():
            return YankReport(version, path, latest)
        if version.yank is not None:
            raise UsageError(
                f"{version.ref} is yanked already: {version.yank.reason}",
                where=path,
                remedy=f"to change the reason, edit the file; to undo the yank, remove it: `rm {path}`.",
            )
        mark = Yank(timestamp(datetime.now(UTC)), reason.strip())
        transaction = Transaction(workspace, wanted.dataset)
        transaction.write_at_root(path, render_yank(mark))
        transaction.commit(journal)
    return YankReport(replace(version, yank=mark), path, latest)
