"""Semantic versions of datasets, and what a published version holds."""

import re
from dataclasses import dataclass, field
from functools import total_ordering

from tdmvc.model.diff import BumpLevel
from tdmvc.model.migration import RecordedState

_SEMVER = re.compile(r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?")

_VERSION_LIKE = re.compile(r"v?\d{1,3}(\.\d+){0,2}")


def looks_like_version(text: str) -> bool:
    """Return whether a text is a version number, or the beginning of one (`1.0`), and no commit."""
    return SemVer.parse(text) is not None or _VERSION_LIKE.fullmatch(text) is not None


@total_ordering
@dataclass(frozen=True, slots=True)
class SemVer:
    """A semantic version, ordered as semver.org specifies."""

    major: int
    minor: int
    patch: int
    pre: tuple[str, ...] = ()
    """The pre-release parts: `("rc", "1")` of `2.0.0-rc.1`."""

    @classmethod
    def parse(cls, text: str) -> "SemVer | None":
        """Return the version that the text holds (a leading `v` is allowed), or None."""
        match = _SEMVER.fullmatch(text)
        if not match:
            return None
        pre = tuple(match[4].split(".")) if match[4] else ()
        if any(part == "" for part in pre):
            return None
        return cls(int(match[1]), int(match[2]), int(match[3]), pre)

    def bump(self, level: BumpLevel) -> "SemVer":
        """Return the next version at that level; a pre-release is finished first."""
        match level:
            case BumpLevel.MAJOR:
                return SemVer(self.major + 1, 0, 0)
            case BumpLevel.MINOR:
                return SemVer(self.major, self.minor + 1, 0)
            case _:
                return SemVer(self.major, self.minor, self.patch + 1)

    def level_from(self, older: "SemVer") -> BumpLevel:
        """Return which part changed between an older version and this one."""
        if self.major != older.major:
            return BumpLevel.MAJOR
        if self.minor != older.minor:
            return BumpLevel.MINOR
        return BumpLevel.PATCH if self != older else BumpLevel.NONE

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}" + (f"-{'.'.join(self.pre)}" if self.pre else "")

    def __lt__(self, other: "SemVer") -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[object, ...]:
        # A pre-release comes before its release; numbers before words.
        pre = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in self.pre)
        return (self.major, self.minor, self.patch, not self.pre, pre)


@dataclass(frozen=True, slots=True)
class VersionTable:
    """One table of a published version."""

    object: str
    """The DVC object: `<md5>.dir`."""
    content: str
    """`sha256:…` over the table's parts."""
    rows: int
    bytes: int
    schema: str
    """`sha256:…` over the table's columns and types."""


@dataclass(frozen=True, slots=True)
class Yank:
    """Why and when a published version was marked as bad."""

    yanked: str
    """ISO 8601, UTC."""
    reason: str


@dataclass(frozen=True, slots=True)
class Version:
    """A published version: one file in `versions/`, never edited."""

    dataset: str
    version: SemVer
    kind: str
    published: str
    """ISO 8601, UTC."""
    content: str
    """`sha256:…` over the content of all tables."""
    contract: str
    """`sha256:…` of the contract's text, which is stored at `versions/contracts/<hex>.yaml`."""
    tables: dict[str, VersionTable]
    parent: SemVer | None = None
    release: str | None = None
    """The application's release, or a range of releases (`>=2.13,<2.15`)."""
    commit: str | None = None
    """The application's commit at which it was published."""
    migrations: dict[str, RecordedState] = field(default_factory=dict)
    """By location name."""
    bump: BumpLevel = BumpLevel.NONE
    reasons: tuple[str, ...] = ()
    notes: str | None = None
    broken_rules: tuple[str, ...] = ()
    """Rules of the contract that the rows were known to break when it was published all the same."""
    yank: Yank | None = None
    """Set if the version was marked as bad; it is not in the version's file, but in one of its own."""

    @property
    def ref(self) -> str:
        return f"{self.dataset}@{self.version}"

    @property
    def tag(self) -> str:
        """The name of its Git tag, as GTO expects it."""
        return f"{version_tag_prefix(self.dataset)}{self.version}"

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def size_bytes(self) -> int:
        return sum(table.bytes for table in self.tables.values())


def version_tag_prefix(dataset: str) -> str:
    """Return what the tag of each version of a dataset starts with."""
    return f"{dataset}@v"
