"""What came of merging a dataset.yaml or contract.yaml of three sides."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ManifestConflict:
    """A place of a manifest that a person must settle."""

    path: str
    """As people read it: `tables.orders.diff.key`, `schema[orders].properties[total].physicalType`."""
    base: str | None
    """What stood there, on one line and cut where it is long; None where nothing did."""
    ours: str | None
    theirs: str | None
    reason: str | None = None
    """Why the sides cannot both stand, where the three texts do not say it."""


@dataclass(frozen=True, slots=True)
class MergedText:
    """A manifest merged by structure."""

    text: str | None
    """The merged file, with conflict markers where sides clash; None where the file is deleted."""
    conflicts: tuple[ManifestConflict, ...] = ()
    """In the file's order, by path where two stand at one place."""


@dataclass(frozen=True, slots=True)
class NotMerged:
    """A manifest that cannot be merged by structure: Git's merge of lines is left."""

    reason: str
    """What stands in the way, as one sentence."""


@dataclass(frozen=True, slots=True)
class MarkerStyle:
    """How conflict markers are written, as Git tells a merge driver."""

    ours: str = "ours"
    base: str = "base"
    theirs: str = "theirs"
    size: int = 7
    """How often a marker's sign is repeated."""
