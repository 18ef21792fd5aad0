"""What differs between two contracts, and whom that may break."""

from dataclasses import dataclass, field
from enum import StrEnum

from tdmvc.model.diff import Bump, BumpLevel
from tdmvc.model.rules import Rule


class ContractChangeKind(StrEnum):
    """What happened to a part of a contract."""

    TABLE_ADDED = "table-added"
    TABLE_REMOVED = "table-removed"
    SCHEMA_CHANGED = "schema-changed"
    """A column, a type, the key, a default, an index, …"""
    VIEW_CHANGED = "view-changed"
    RULE_ADDED = "rule-added"
    RULE_REMOVED = "rule-removed"
    RULE_STRICTER = "rule-stricter"
    RULE_WEAKER = "rule-weaker"
    RULE_CHANGED = "rule-changed"
    """Neither stricter nor weaker, or nobody can tell."""
    CLASSIFICATION_CHANGED = "classification-changed"
    SERVICE_LEVEL_CHANGED = "service-level-changed"
    DESCRIPTION_CHANGED = "description-changed"


class Party(StrEnum):
    """Whom a change of a contract may break."""

    PRODUCERS = "producers"
    """Whoever makes rows: rows that were valid may not be valid any more."""
    CONSUMERS = "consumers"
    """Whoever reads rows: what the old contract promised may be missing."""


@dataclass(frozen=True, slots=True)
class ContractChange:
    """One difference between two contracts."""

    kind: ContractChangeKind
    message: str
    """One sentence, without a full stop."""
    level: BumpLevel
    """The part of a dataset's version that it calls for."""
    table: str | None = None
    columns: tuple[str, ...] = ()
    breaks: frozenset[Party] = frozenset()
    """Whom it may break; empty for a compatible change."""
    old: Rule | None = None
    new: Rule | None = None


@dataclass(frozen=True, slots=True)
class ContractDiff:
    """The differences between two contracts."""

    old: str
    """The reference, or the path, of the old one."""
    new: str
    changes: tuple[ContractChange, ...]
    """By table in the order of the new contract."""
    bump: Bump = field(default_factory=lambda: Bump(BumpLevel.NONE))

    @property
    def breaks(self) -> frozenset[Party]:
        return frozenset(party for change in self.changes for party in change.breaks)
