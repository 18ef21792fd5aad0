"""References, which name a state of a dataset: `golden`, `golden@1.0.0`, `golden@HEAD~2`, `release:2.14.0`."""

from dataclasses import dataclass

from tdmvc.errors import UsageError


@dataclass(frozen=True, slots=True)
class Reference:
    """One side, as written."""

    dataset: str | None
    """None in `release:2.14.0`, which names a state of every dataset."""
    at: str | None = None
    """What follows the `@`: a version, `latest` or a Git revision; None is the working copy."""
    release: str | None = None

    def __str__(self) -> str:
        if self.release is not None:
            return f"{self.dataset}@release:{self.release}" if self.dataset else f"release:{self.release}"
        return f"{self.dataset}@{self.at}" if self.at else str(self.dataset)


@dataclass(frozen=True, slots=True)
class ReferencePair:
    """Two sides of a comparison."""

    old: Reference
    new: Reference
    from_merge_base: bool = False
    """True for `A...B`: compare from where B left A."""


def parse_reference(text: str) -> Reference:
    """Read one reference.

    Raises:
        UsageError: a part is empty.
    """
    if text.startswith("release:"):
        release = text.removeprefix("release:")
        if not release:
            raise _unreadable(text)
        return Reference(None, release=release)
    dataset, sign, at = text.partition("@")
    if not dataset or (sign and not at):
        raise _unreadable(text)
    if at.startswith("release:"):
        return Reference(dataset, release=at.removeprefix("release:"))
    return Reference(dataset, at or None)


def parse_pair(text: str) -> ReferencePair | None:
    """Read `A..B` or `A...B`, or return None if the text is a single reference.

    A side without a dataset takes the other side's: `golden@1.0.0..2.0.0`.
    """
    for dots in ("...", ".."):
        left, sign, right = text.partition(dots)
        if sign and left and right:
            old = parse_reference(left)
            if old.dataset and "@" not in right and right != old.dataset and not right.startswith("release:"):
                right = f"{old.dataset}@{right}"
            return ReferencePair(old, parse_reference(right), from_merge_base=dots == "...")
    return None


def _unreadable(text: str) -> UsageError:
    return UsageError(
        f"'{text}' is not a reference.",
        remedy="write golden (the working copy), golden@1.0.0 (a version), golden@HEAD~2 (a Git revision) "
        "or release:2.14.0.",
    )
