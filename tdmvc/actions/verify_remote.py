"""`verify --remote`: whether the remotes have what the pointers and the versions need, object by object."""

import hashlib
from collections.abc import Mapping, Sequence

from tdmvc.errors import PartError
from tdmvc.model.dataset import DatasetState
from tdmvc.model.finding import Finding, Severity
from tdmvc.store import dvc
from tdmvc.workspace.workspace import Workspace

Wanted = Mapping[str, tuple[DatasetState, str]]
"""The state and the table of each object."""


class RemoteCheck:
    """Asks remotes for whole closures: a listing that is there proves nothing of its parts."""

    def __init__(self, workspace: Workspace, *, is_deep: bool) -> None:
        self._workspace = workspace
        self._is_deep = is_deep

    def findings(self, states: Sequence[DatasetState], name: str | None) -> list[Finding]:
        """Return what the remotes lack.

        Args:
            name: the one remote to ask; None is the default one, and for versions the release remote too.

        Raises:
            StoreError: a remote cannot be reached.
        """
        found = self._ask(self._closures(states), name)
        archive = self._workspace.config.release_remote
        versions = [state for state in states if state.version is not None]
        if name is not None or archive is None or not versions:
            return found
        if archive not in self._workspace.store.config.remotes:
            return [*found, _unknown(archive)]
        return found + self._ask(self._closures(versions), archive)

    def _closures(self, states: Sequence[DatasetState]) -> dict[str, tuple[DatasetState, str]]:
        wanted: dict[str, tuple[DatasetState, str]] = {}
        for state in states:
            for table, pointer in state.pointers.items():
                try:
                    closure = self._workspace.store.closure(pointer.object, f"{state.ref}/{table}")
                except PartError:
                    # It is nowhere, which is told already; and so no remote has it.
                    closure = {pointer.object}
                for oid in closure:
                    wanted.setdefault(oid, (state, table))
        return wanted

    def _ask(self, wanted: Wanted, name: str | None) -> list[Finding]:
        label = name or self._workspace.store.config.default_remote or "(default)"
        self._workspace.report(f"verify {label}", 0, len(wanted), "objects")
        missing = self._workspace.store.missing_on_remote(wanted, remote=name)
        push = f" --remote {name}" if name else ""
        found = [
            self._finding(
                "not-on-remote",
                f"{count} object(s) of {ref}/{table} are not on the remote '{label}'.",
                (ref, table),
                f"run `tdmvc push {ref}{push}`.",
                {"remote": label, "objects": count},
            )
            for (ref, table), count in _by_table(wanted, missing).items()
        ]
        return found + self._read(wanted, sorted(set(wanted) - missing), name, label, push)

    def _read(
        self, wanted: Wanted, there: list[str], name: str | None, label: str, push: str
    ) -> list[Finding]:
        """Read what is there, if that was asked for."""
        if not self._is_deep or not there:
            return []
        damaged: set[str] = set()
        with dvc.open_remote(self._workspace.root, name) as remote:
            for number, (oid, data) in enumerate(remote.read(there), start=1):
                self._workspace.report(f"verify {label}", number, len(there), "objects")
                if hashlib.md5(data, usedforsecurity=False).hexdigest() != oid.removesuffix(".dir"):
                    damaged.add(oid)
        found = []
        for (ref, table), count in _by_table(wanted, damaged).items():
            own = [oid for oid in sorted(damaged) if _owner(wanted[oid]) == (ref, table)]
            files = ", ".join(f"files/md5/{oid[:2]}/{oid[2:]}" for oid in own[:3])
            found.append(
                self._finding(
                    "damaged-on-remote",
                    f"{count} object(s) of {ref}/{table} on the remote '{label}' are damaged.",
                    (ref, table),
                    f"delete on the remote {files}{', …' if count > 3 else ''}, then run `tdmvc push {ref}{push}`.",
                    {"remote": label, "objects": count, "names": own},
                )
            )
        return found

    def _finding(
        self, rule: str, message: str, owner: tuple[str, str], remedy: str, details: dict[str, object]
    ) -> Finding:
        ref, table = owner
        return Finding(
            rule, Severity.ERROR, message, ref.split("@")[0], table, remedy=remedy, details=details
        )


def _by_table(wanted: Wanted, oids: set[str]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for oid in oids:
        owner = _owner(wanted[oid])
        counts[owner] = counts.get(owner, 0) + 1
    return dict(sorted(counts.items()))


def _owner(wanted: tuple[DatasetState, str]) -> tuple[str, str]:
    return wanted[0].ref, wanted[1]


def _unknown(archive: str) -> Finding:
    return Finding(
        "release-remote-unknown",
        Severity.WARNING,
        f"tdmvc.yaml names the remote '{archive}' for published versions, and DVC knows none of that name here.",
        remedy=f"add it: `dvc remote add {archive} URL`.",
    )
