"""`gc`: remove objects that nothing needs any more from the cache or a remote, and templates of environments."""

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tdmvc.environments.all_templates import collect_templates
from tdmvc.errors import ConfigError, NotFoundError, UsageError
from tdmvc.garbage.needs import collect_needs
from tdmvc.garbage.reachable import Reachable, forgotten_commits, pointed_path, pointers_of, read_reachable
from tdmvc.garbage.refusals import (
    refuse_clone,
    refuse_missing_listings,
    refuse_place,
    refuse_stale,
    refuse_unreadable,
)
from tdmvc.garbage.selection import (
    GracePeriod,
    RemovableObjects,
    list_garbage,
    parts_of,
    select,
    with_commits,
)
from tdmvc.gitrepo.commands import GitFailure, UntrustedRepository
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.gitrepo.work_trees import refs_stamp, work_trees
from tdmvc.model.environment_report import TemplatesReport
from tdmvc.model.garbage import Garbage, GarbageKind, GcReport, Refusal
from tdmvc.store import dvc
from tdmvc.store.atomic_files import remove_quietly, write_atomic
from tdmvc.store.cache import CacheStorage
from tdmvc.store.lock import block_writers
from tdmvc.store.objects import ObjectStorage, StoredObject
from tdmvc.workspace.workspace import Workspace, write_gate

CACHE = "cache"
GRACE_DAYS = 14.0
_RECORD = "tdmvc.gc-record/1"


@dataclass(frozen=True, slots=True)
class GcOptions:
    """Where to collect garbage, and what you vouch for."""

    remote: str | None = None
    """A remote instead of the cache; the empty text means the default remote."""
    apply: bool = False
    """Remove the garbage instead of only listing it."""
    grace_days: float = GRACE_DAYS
    """Younger objects are kept."""
    also: tuple[Path, ...] = ()
    """Other repositories that use the same cache or remote."""
    is_alone: bool = False
    """No other repository uses this cache or remote."""
    accept_unknown: bool = False
    """Continue even if a pointer cannot be read or its listing cannot be found."""
    without_origin: bool = False
    """Continue even if a Git remote cannot be reached."""


def gc(workspace: Workspace, options: GcOptions | None = None) -> GcReport:
    """Find tdmvc's objects that nothing needs and that are old enough, and remove them if asked.

    An object is needed if any ref, reflog, stash, unfinished merge, index, work tree or version
    names it anywhere in its history, directly or through a listing. Objects that cannot be shown
    to be tdmvc's are kept. Listings are removed before their parts, so that no listing ever names
    a removed part.

    Raises:
        NotFoundError: no such remote.
        StoreError: the cache or the remote fails; nothing that is needed was removed.
    """
    options = options or GcOptions()
    place = _place_name(workspace, options.remote)
    clones = [workspace.git, *(GitRepo.find(path) for path in options.also)]
    with contextlib.ExitStack() as stack:
        if options.apply:
            for root in sorted({tree.root for clone in clones for tree in work_trees(clone) if tree.is_here}):
                stack.enter_context(_block_writers_in(workspace, root))
        try:
            return _GcRun(workspace, options, place, clones).run()
        except UntrustedRepository:
            raise
        except GitFailure as error:
            raise UsageError(
                f"Git cannot read its history, so gc does not know what to keep: {error.why}",
                where=str(workspace.root),
                remedy="run `git fsck`, and repair what it reports.",
            ) from None


def gc_templates(workspace: Workspace, grace_days: float, *, apply: bool) -> TemplatesReport:
    """List the templates of all engines, and with `apply` remove those that nobody has used for the grace period.

    Raises:
        DatabaseError: the folder of templates cannot be used.
    """
    return collect_templates(workspace, grace_days, apply=apply)


class _GcRun:
    """One run of gc over the cache or one remote."""

    def __init__(self, workspace: Workspace, options: GcOptions, place: str, clones: list[GitRepo]) -> None:
        self._workspace = workspace
        self._options = options
        self._clones = clones
        self._now = time.time()
        self._is_cache = options.remote is None
        self._report = GcReport(place, options.grace_days)
        self._notes: list[str] = []
        short = hashlib.sha256(place.encode()).hexdigest()[:12]
        self._record = workspace.store.state_folder / f"gc-{short}.json"

    def run(self) -> GcReport:
        """Look for reasons to refuse, then for garbage, and remove it if asked."""
        before = self._stamps()
        refusals = list(
            refuse_place(
                self._workspace,
                None if self._is_cache else self._report.place,
                are_users_known=bool(self._options.also or self._options.is_alone),
            )
        )
        for clone in self._clones:
            refusals += refuse_clone(clone)
        if refusals:
            return self._refused(refusals)
        found = [read_reachable(clone, on_progress=self._workspace.on_progress) for clone in self._clones]
        refusals = self._refuse_what_was_read(found)
        if refusals:
            return self._refused(refusals)
        needs = collect_needs(self._workspace, self._clones, found)
        if not self._options.accept_unknown:
            refusals = list(refuse_missing_listings(self._workspace, needs))
        if refusals:
            return self._refused(refusals)
        with self._opened() as place:
            listed = place.list_objects()
            grace = GracePeriod(self._now, self._options.grace_days)
            removable = select(
                place, listed, needs.objects, self._known_parts(), grace, self._workspace.on_progress
            )
            garbage = list_garbage(removable, listed, needs, self._workspace.store.index.made(), grace)
            garbage = self._with_commits(garbage, found)
            report = replace(self._report, garbage=garbage, kept=removable.kept, notes=tuple(self._notes))
            if not self._options.apply:
                return report
            if self._stamps() != before or (not self._is_cache and self._refuse_what_was_read(found)):
                return self._refused([self._moved()])
            removed = self._remove(place, removable, listed)
        self._workspace.store.index.save()
        return replace(
            report, is_applied=True, garbage=tuple(one for one in garbage if one.object in removed)
        )

    def _refuse_what_was_read(self, found: list[Reachable]) -> list[Refusal]:
        refusals: list[Refusal] = []
        needs_answer = not self._is_cache and not self._options.without_origin
        notes: list[str] = []
        for clone, reachable in zip(self._clones, found, strict=True):
            refusals += refuse_stale(clone, reachable, needs_answer=needs_answer, notes=notes)
            if not self._options.accept_unknown:
                refusals += refuse_unreadable(reachable.unreadable, clone.root)
        self._notes += [note for note in notes if note not in self._notes]
        return refusals

    def _known_parts(self) -> set[str]:
        """Return parts that are known to be tdmvc's although no listing there names them.

        They are in the record of a gc that was killed after it removed their listings, or, for a
        remote, in a listing of the cache.
        """
        known = self._recorded()
        if not self._is_cache:
            cache = CacheStorage(self._workspace.store.objects)
            here = [oid for oid in cache.list_objects() if oid.endswith(".dir")]
            for _, data in cache.read(here):
                known |= parts_of(data) or set()
        return known

    def _with_commits(self, garbage: tuple[Garbage, ...], found: list[Reachable]) -> tuple[Garbage, ...]:
        """Add the commits that named these listings, if Git still has them."""
        listings = {one.object for one in garbage if one.kind is GarbageKind.LISTING}
        if not listings:
            return garbage
        sources: dict[str, tuple[str, str]] = {}
        git = self._workspace.git
        for place, names in pointers_of(git, forgotten_commits(git, found[0].commits)):
            for oid in names.pointed & listings:
                sources.setdefault(oid, (pointed_path(place), place.where.removeprefix("commit ")))
        return with_commits(garbage, sources)

    def _remove(
        self, place: ObjectStorage, removable: RemovableObjects, listed: Mapping[str, StoredObject]
    ) -> set[str]:
        """Remove listings, then parts; return what was removed."""
        unfinished = (self._recorded() | set(removable.parts)) & set(listed)
        self._write_record(unfinished)
        removed = place.remove({oid: listed[oid] for oid in removable.listings})
        spared: set[str] = set()
        for oid, parts in removable.listings.items():
            if oid not in removed:
                spared |= parts
        removed |= place.remove({oid: listed[oid] for oid in removable.parts if oid not in spared})
        removed |= place.remove(removable.temporaries)
        if not self._is_cache:
            self._workspace.store.index.remember_pushed(self._report.place, removed, is_there=False)
        self._write_record(unfinished - removed)
        return removed

    def _recorded(self) -> set[str]:
        with contextlib.suppress(OSError, ValueError):
            record = json.loads(self._record.read_bytes())
            if isinstance(record, dict) and record.get("format") == _RECORD:
                return {str(part) for part in record.get("parts", ())}
        return set()

    def _write_record(self, parts: set[str]) -> None:
        """Record parts as tdmvc's until they are removed, because their listings are removed first."""
        if parts:
            document = {"format": _RECORD, "parts": sorted(parts)}
            write_atomic(self._record, json.dumps(document).encode())
        else:
            remove_quietly(self._record)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[ObjectStorage]:
        if self._is_cache:
            yield CacheStorage(self._workspace.store.objects)
        else:
            with dvc.open_remote(self._workspace.root, self._report.place) as place:
                yield place

    def _stamps(self) -> list[str]:
        return [refs_stamp(clone) for clone in self._clones]

    def _refused(self, refusals: list[Refusal]) -> GcReport:
        return replace(self._report, refusals=tuple(refusals), notes=tuple(self._notes))

    def _moved(self) -> Refusal:
        return Refusal(
            "moved",
            "A branch or an index changed while gc was running, here or on a Git remote.",
            str(self._workspace.root),
            "run `tdmvc gc` with the same options again.",
        )


def _place_name(workspace: Workspace, remote: str | None) -> str:
    config = workspace.store.config
    if remote is None:
        return CACHE
    if not remote and not config.default_remote:
        raise ConfigError(
            "There is no default DVC remote.",
            where=str(workspace.root / ".dvc" / "config"),
            remedy="choose one: `tdmvc gc --remote NAME`.",
        )
    name = remote or str(config.default_remote)
    if name not in config.remotes:
        raise NotFoundError.named("remote", name, sorted(config.remotes), where=str(workspace.root / ".dvc"))
    return name


@contextlib.contextmanager
def _block_writers_in(workspace: Workspace, root: Path) -> Iterator[None]:
    """Hold the locks of tdmvc and DVC in a work tree, so that nothing writes there."""
    if not (root / ".dvc").is_dir():
        yield
        return
    gate = write_gate(root)
    waiting = f"Waiting for another tdmvc process that is writing in {root}."
    with block_writers(gate.parent, gate, on_wait=lambda: workspace.warn(waiting)), dvc.repository_lock(root):
        yield
