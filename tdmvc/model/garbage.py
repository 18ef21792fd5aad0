"""The result of `gc`: objects that nothing needs, or the reasons to refuse."""

from dataclasses import dataclass, field
from enum import StrEnum


class GarbageKind(StrEnum):
    """What kind of object is not needed."""

    LISTING = "listing"
    """The list of a table's parts in one state (`<md5>.dir`)."""
    PART = "part"
    TEMPORARY = "temporary"
    """A file that a killed process left half-written; it has no object's name."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """One object that nothing needs."""

    object: str
    """`<md5>` or `<md5>.dir`; for a temporary file, its name."""
    kind: GarbageKind
    size_bytes: int
    age_days: float
    owner: str = ""
    """The table it last belonged to (`datasets/golden/orders`); empty if that is unknown."""
    commit: str | None = None
    """An unreachable commit that pointed to it, if Git still has one."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason why nothing is removed."""

    reason: str
    """A stable name in kebab case."""
    message: str
    where: str
    remedy: str
    """The command to run."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How many objects are kept, and why."""

    needed: int = 0
    """Something that Git, a work tree or a version names needs them."""
    young: int = 0
    """Nothing needs them, and they are younger than the grace period or of unknown age."""
    not_ours: int = 0
    """Nothing needs them, and nothing shows that tdmvc made them: only DVC may remove them."""
    not_ours_bytes: int = 0


@dataclass(frozen=True, slots=True)
class GcReport:
    """What `gc` found and did."""

    place: str
    """`cache`, or the name of a remote."""
    grace_days: float
    garbage: tuple[Garbage, ...] = ()
    """Listings first; empty if there are refusals."""
    kept: Kept = field(default_factory=Kept)
    is_applied: bool = False
    """Whether the garbage was removed, and not only listed."""
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        return sum(one.size_bytes for one in self.garbage)
