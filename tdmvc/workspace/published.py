"""What Git knows of published versions: a version is what the commit that published it holds, for ever."""

import posixpath
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tdmvc.errors import UnreadableFileError
from tdmvc.formats.versions import FOLDER, version_path
from tdmvc.gitrepo.log import Addition, read_additions
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.text import short_commit
from tdmvc.model.tree import FileTree
from tdmvc.model.version import SemVer, version_tag_prefix
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """The file of a version, as a commit or a tag has it."""

    dataset: str
    version: SemVer
    path: str
    commit: str
    text: str
    tag: str | None = None
    """The version's tag; None if the commit that published it is meant."""

    @property
    def ref(self) -> str:
        return f"{self.dataset}@{self.version}"


def published_files(
    workspace: Workspace, names: Sequence[str], revisions: Sequence[str] = ("HEAD",)
) -> list[PublishedFile]:
    """Return the version files that the history of these revisions first committed, and those of the tags.

    If branches published the same number separately, each of their files is returned. A file that was
    removed and then committed again is not: it is not what was published.
    Cost: one walk over the commits that touch versions, and one more process for each dataset's tags.
    """
    git = workspace.git
    commits = [commit for name in revisions if (commit := git.try_resolve(name)) is not None]
    folders = {workspace.dataset_path(name): name for name in names}
    additions = read_additions(git, commits, [posixpath.join(folder, FOLDER) for folder in folders])
    found: list[PublishedFile] = []
    for one in _first(git, additions):
        folder, name = posixpath.split(one.path)
        dataset = folders.get(posixpath.dirname(folder))
        version = SemVer.parse(name.removesuffix(".yaml"))
        if dataset is not None and version is not None and name == f"{version}.yaml":
            found.append(PublishedFile(dataset, version, one.path, one.commit, git.read_blob_text(one.blob)))
    for folder, name in folders.items():
        found += _tagged(git, name, folder)
    return found


def known_numbers(workspace: Workspace, dataset: str) -> frozenset[SemVer]:
    """Return every number that HEAD's history or a tag knows as a published version of a dataset."""
    tags = (_tagged_number(tag, dataset) for tag in workspace.git.tags(f"{version_tag_prefix(dataset)}*"))
    files = published_files(workspace, [dataset])
    return frozenset({one.version for one in files} | {number for number in tags if number is not None})


def check_published(
    workspace: Workspace, tree: FileTree, names: Sequence[str], revisions: Sequence[str] = ("HEAD",)
) -> list[Finding]:
    """Compare the version files of a tree with those that were published: none may differ or be missing.

    Args:
        names: the datasets; one that the tree no longer has was removed with its versions.
        revisions: the commits whose history the tree continues.
    """
    originals: dict[str, list[PublishedFile]] = {}
    tagged: list[PublishedFile] = []
    for one in published_files(workspace, names, revisions):
        if one.tag is None:
            originals.setdefault(one.path, []).append(one)
        else:
            tagged.append(one)
    findings: list[Finding] = []
    for path, files in sorted(originals.items()):
        texts = [_lines(one.text) for one in files]
        present, text = _read(tree, path)
        if present and text is None:
            findings.append(_removed(files[-1]))
        elif text is not None and _lines(text) not in texts:
            findings.append(_changed(files[-1]))
    reported = {finding.details["file"] for finding in findings}
    for one in tagged:
        _, text = _read(tree, one.path)
        if text is not None and _lines(text) != _lines(one.text) and one.path not in reported:
            findings.append(_changed(one))
    return findings


def _first(git: GitRepo, additions: Sequence[Addition]) -> Iterator[Addition]:
    """Yield the additions of which no ancestor has added the same path before; parents come first."""
    kept: dict[str, list[str]] = {}
    for one in additions:
        earlier = kept.setdefault(one.path, [])
        if not any(git.is_ancestor(commit, one.commit) for commit in earlier):
            earlier.append(one.commit)
            yield one


def _tagged(git: GitRepo, name: str, folder: str) -> Iterator[PublishedFile]:
    for tag, commit in sorted(git.tags(f"{version_tag_prefix(name)}*").items()):
        version = _tagged_number(tag, name)
        if version is None:
            continue
        path = version_path(folder, version)
        blob = git.commands.object_id(f"{commit}:{path}")
        if blob is not None:
            yield PublishedFile(name, version, path, commit, git.read_blob_text(blob), tag)


def _tagged_number(tag: str, dataset: str) -> SemVer | None:
    return SemVer.parse(tag.removeprefix(version_tag_prefix(dataset)))


def _read(tree: FileTree, path: str) -> tuple[bool, str | None]:
    """Return whether the file's state is known, and its text; a file in conflict is reported elsewhere."""
    try:
        return True, tree.read_text(path)
    except UnreadableFileError:
        return False, None


def _lines(text: str) -> list[str]:
    # A checkout may give a file other line ends.
    return text.splitlines()


def _removed(one: PublishedFile) -> Finding:
    return _finding(
        "version-removed",
        f"{one.ref} was published in commit {short_commit(one.commit)}, but its file is missing.",
        f"published versions are never removed: restore it with `{_restore(one)}`; "
        f"`tdmvc yank {one.ref} --reason TEXT` marks a bad version.",
        one,
    )


def _changed(one: PublishedFile) -> Finding:
    where = f"the tag {one.tag} has" if one.tag else f"commit {short_commit(one.commit)} published"
    return _finding(
        "version-changed",
        f"The file of {one.ref} is not the one that {where}.",
        f"published versions never change: restore it with `{_restore(one)}`, "
        "and publish other rows under a new number.",
        one,
    )


def _restore(one: PublishedFile) -> str:
    return f"git checkout {short_commit(one.commit)} -- {shlex.quote(one.path)}"


def _finding(rule: str, message: str, remedy: str, one: PublishedFile) -> Finding:
    details: dict[str, object] = {"file": one.path, "version": str(one.version), "commit": one.commit}
    return Finding(rule, Severity.ERROR, message, one.dataset, remedy=remedy, details=details)
