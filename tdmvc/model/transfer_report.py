"""The results of the verbs that move and compare objects: push, pull and verify."""

from dataclasses import dataclass
from enum import StrEnum

from tdmvc.model.finding import Finding
from tdmvc.model.remote import RemoteComparison


class TransferVerb(StrEnum):
    """The direction of a transfer."""

    PUSH = "push"
    PULL = "pull"


@dataclass(frozen=True, slots=True)
class TransferReport:
    """What `push` or `pull` did."""

    verb: TransferVerb
    refs: tuple[str, ...]
    remotes: tuple[str, ...]
    objects: int
    """Objects that are now present and verified."""
    moved: int
    """How many of these were transferred."""
    tables: int = 0
    """Tables whose rows `pull` wrote to the working copy."""
    compared: tuple[RemoteComparison, ...] = ()
    """What `push` compared on each remote. `pull` compares the bytes of each object."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One state that `verify` checked."""

    ref: str
    tables: int
    parts: int
    content: str | None
    """None if bytes are missing or damaged."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What `verify` found."""

    verified: tuple[Verified, ...]
    findings: tuple[Finding, ...]
    remotes: tuple[RemoteComparison, ...] = ()
    """What was compared on each remote, if they were asked."""
