"""What a merge is about to write, recorded before Git starts, so that a killed merge can be undone."""

import contextlib
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tdmvc.errors import TdmvcError
from tdmvc.gitrepo.index import changed_paths
from tdmvc.gitrepo.index_lock import FINISH, write_index
from tdmvc.gitrepo.merge_preview import can_merge_in_memory, merge_trees
from tdmvc.gitrepo.prepared_merge import PreparedMerge
from tdmvc.gitrepo.repository import GitRepo

RECORD = "tdmvc-merge.json"
_MARKERS = re.compile(rb"^<{7,} .*^={7,}\r?$.*^>{7,} ", re.MULTILINE | re.DOTALL)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class MergeRecord:
    """One merge: what it starts from, and what it writes."""

    ours: str
    """The commit that HEAD was at."""
    theirs: str
    branch: str
    """Their name, as it was given."""
    tree: str
    """The tree object of the merged files, those in conflict with their markers."""
    conflicts: frozenset[str] = frozenset()
    is_exact: bool = True
    """False if Git is too old to merge in memory: the tree is theirs."""
    is_written: bool = False
    """Whether the index and the work tree hold the merge completely."""
    staged: Mapping[str, str] = field(default_factory=dict)
    """Blobs by path that the index held before the merge was undone: what a driver or a person has merged."""


def plan_record(git: GitRepo, theirs: str, branch: str, prepared: PreparedMerge) -> MergeRecord:
    """Return the record of a merge into HEAD, which Git makes in memory for it."""
    ours = git.resolve("HEAD")
    if not can_merge_in_memory(git.commands):
        return MergeRecord(ours, theirs, branch, theirs, is_exact=False)
    tree, conflicts = merge_trees(git, "HEAD", branch, prepared)
    return MergeRecord(ours, theirs, branch, tree, conflicts)


def find_record(git: GitRepo) -> MergeRecord | None:
    """Return the record of the merge in progress; None if no merge is, or Git alone began it."""
    try:
        found = json.loads(_path(git).read_text(encoding="utf-8", errors="surrogateescape"))
        record = MergeRecord(**{**found, "conflicts": frozenset(found["conflicts"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    merged = merge_heads(git)
    is_same = merged == [record.theirs] or (not merged and not record.is_written)
    if git.head() == record.ours and is_same:
        return record
    remove_record(git)
    return None


def merge_heads(git: GitRepo) -> list[str]:
    """Return the commits that Git is merging into HEAD; none if no merge is in progress."""
    try:
        return git.own_paths("MERGE_HEAD")[0].read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []


@contextlib.contextmanager
def recorded(git: GitRepo, record: MergeRecord) -> Iterator[None]:
    """Record a merge while Git writes it; the record stays, unless Git refuses and changes nothing."""
    before = touched_files(git, record)
    write_record(git, record)
    try:
        yield
    except TdmvcError:
        if not merge_heads(git) and touched_files(git, record) == before:
            forget_unwritten(git)
        raise


def write_record(git: GitRepo, record: MergeRecord) -> None:
    path = _path(git)
    facts = {name: getattr(record, name) for name in MergeRecord.__dataclass_fields__}
    facts["conflicts"] = sorted(record.conflicts)
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8", errors="surrogateescape") as file:
        json.dump(facts, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def mark_undoing(git: GitRepo, record: MergeRecord) -> None:
    """Record that a merge is about to be undone, so that the next process continues if this one is killed."""
    changed = files_of_merge(git, record)
    listing = git.commands.run("ls-files", "--stage", "-z", "--full-name").split("\0")
    entries = [entry.partition("\t") for entry in listing if entry]
    staged = {path: facts.split(" ")[1] for facts, _, path in entries if path in changed}
    write_record(git, replace(record, is_written=False, staged=staged))


def mark_written(git: GitRepo, record: MergeRecord) -> None:
    write_record(git, replace(record, is_written=True))


def remove_record(git: GitRepo) -> None:
    _path(git).unlink(missing_ok=True)


def forget_unwritten(git: GitRepo) -> None:
    """Remove the record of a merge of which nothing is written, and what a killed Git had given to its driver."""
    _remove_temporaries(git)
    remove_record(git)


def missing_files(git: GitRepo, record: MergeRecord) -> list[str]:
    """Return the files that the merge changes, but that are in the index as they are on our side.

    A file in conflict is among them only if Git never put its conflict into the index; otherwise a person
    may have chosen our side.
    """
    if not record.is_exact:
        return []
    as_ours = files_of_merge(git, record) - changed_paths(git, "--cached", record.ours)
    return sorted(as_ours - (record.conflicts & _resolved(git)))


def is_untouched(git: GitRepo, record: MergeRecord) -> bool:
    """Return whether the index holds nothing of a merge, not even conflicts that were resolved since."""
    is_ours = git.commands.try_run("diff", "--cached", "--quiet", record.ours) is not None
    return is_ours and not _resolved(git)


def files_with_markers(git: GitRepo, record: MergeRecord) -> list[str]:
    """Return the files in conflict that are in the index as resolved, with conflict markers left in them."""
    found = []
    for path in sorted(record.conflicts) if record.is_exact else ():
        blob = git.commands.object_id(f":{path}")
        if blob is not None and _MARKERS.search(git.commands.read_object(blob)):
            found.append(path)
    return found


def reopen_staged(git: GitRepo, record: MergeRecord, besides: Collection[str]) -> None:
    """Mark files in conflict as unmerged again that another program has staged in the meantime.

    Args:
        besides: files that tdmvc has merged itself.
    """
    if not record.is_exact:
        return
    for chunk in _chunks(sorted((_resolved(git) & record.conflicts) - {*besides})):
        write_index(git, "update-index", "--unresolve", *chunk, then=FINISH)


def touched_files(git: GitRepo, record: MergeRecord) -> list[str]:
    """Return the files of the merge that differ from our commit, in the index or on disk."""
    changed = files_of_merge(git, record)
    differ = changed & (changed_paths(git, "--cached", record.ours) | changed_paths(git, record.ours))
    ours = set(git.tree(record.ours).list_files())
    return sorted(differ | {p for p in changed - ours if os.path.lexists(git.root / p)})


def undo(git: GitRepo, record: MergeRecord) -> list[str]:
    """Restore the files that the merge wrote, wholly or in part, as they are in our commit; forget the merge.

    Returns:
        The files that hold neither side and no part of the merge: somebody edited them since. They stay.

    Raises:
        StoreError: another program holds the index; the next call continues.
    """
    paths = touched_files(git, record)
    known = set(git.tree(record.ours).list_files())
    written = {path for path in paths if _is_written_by_merge(git, record, path)}
    for chunk in _chunks([path for path in paths if path not in known]):
        write_index(git, "rm", "-r", "--quiet", "--cached", "--force", "--ignore-unmatch", "--", *chunk)
    for path in sorted(written - known):
        _remove(git.root, path)
    for chunk in _chunks([path for path in paths if path in known]):
        write_index(git, "reset", "--quiet", record.ours, "--", *chunk)
    for chunk in _chunks(sorted(written & known)):
        write_index(git, "checkout", "--quiet", record.ours, "--", *chunk)
    _remove_temporaries(git)
    git.commands.run("merge", "--quit")
    return [path for path in paths if path not in written and os.path.lexists(git.root / path)]


def files_of_merge(git: GitRepo, record: MergeRecord) -> set[str]:
    """Return the files that the merge changes, or that are in conflict."""
    listing = git.commands.run(
        "diff-tree", "-r", "-z", "--no-renames", "--name-only", record.ours, record.tree
    )
    return set(filter(None, listing.split("\0"))) | record.conflicts


def _remove_temporaries(git: GitRepo) -> None:
    for pattern in (".merge_file_??????", ".tdmvc-git-merge-*.tmp"):
        for temporary in git.root.glob(pattern):
            temporary.unlink(missing_ok=True)


def _path(git: GitRepo) -> Path:
    return git.own_paths(RECORD)[0]


def _resolved(git: GitRepo) -> set[str]:
    """Return the files whose resolved conflict the index remembers."""
    listing = git.commands.run("ls-files", "--resolve-undo", "-z", "--full-name").split("\0")
    return {entry.partition("\t")[2] for entry in listing if entry}


def _is_written_by_merge(git: GitRepo, record: MergeRecord, path: str) -> bool:
    """Return whether a file on disk is a side, the merged file, the beginning of it, or what the index held."""
    full = git.root / path
    if not os.path.lexists(full):
        return True
    revisions = (record.tree, record.ours, record.theirs)
    blobs = [record.staged[path]] if path in record.staged else []
    blobs += [blob for one in revisions if (blob := git.commands.object_id(f"{one}:{path}"))]
    if full.is_symlink() or not full.is_file():
        return full.is_symlink() and os.fsencode(full.readlink()) in map(git.commands.read_object, blobs)
    if git.commands.run("hash-object", f"--path={path}", "--", str(full)).strip() in blobs:
        return True
    content = full.read_bytes()
    if any(git.commands.read_object(blob).startswith(content) for blob in blobs[:2]):
        return True
    return path in record.conflicts and _MARKERS.search(content) is not None


def _remove(root: Path, path: str) -> None:
    """Remove a file, and the folders that it leaves empty."""
    full = root / path
    if not full.is_symlink() and full.is_dir():
        return
    full.unlink(missing_ok=True)
    for folder in full.parents:
        if folder == root:
            return
        try:
            folder.rmdir()
        except OSError:
            return


def _chunks(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(paths), _AT_ONCE):
        yield paths[start : start + _AT_ONCE]
