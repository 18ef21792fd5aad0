"""What became of a text that was to be posted to a pull or merge request."""

from dataclasses import dataclass
from enum import StrEnum


class PostAction(StrEnum):
    """What was done with the one comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    """The comment says the same already."""
    SKIPPED = "skipped"
    """There is nothing to tell and no comment that would have to be corrected."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What `post` did."""

    action: PostAction
    url: str | None = None
    """Where people read the comment; None where there is none."""
    is_shortened: bool = False
    """True where the whole text was longer than the host takes."""
