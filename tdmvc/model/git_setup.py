"""What `install` did to a clone's Git."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GitSetup:
    """How a clone's Git was set up to show and merge rows, or set back."""

    root: str
    settings: tuple[str, ...]
    """Settings of the clone's own configuration that were written (or removed)."""
    attributes_changed: bool
    """Whether .gitattributes was written."""
    is_effective: bool
    """Whether Git now takes tdmvc for the pointers."""
    kept: tuple[str, ...] = ()
    """Settings of somebody else that were left as they are."""
