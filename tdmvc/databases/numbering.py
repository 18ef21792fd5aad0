"""The numbers that a database gives next: how far a seed moves them, and what people are told."""


def sequence_note(
    column: str, sequence: str, following: int, highest: int | None, first: int, step: int
) -> str | None:
    """Return the note on a sequence that is at another place than the rows show; None if it is not, or counts down.

    Args:
        following: the number that it gives next.
        highest: the greatest number of the column; None without rows.
        first: the number that it gives first.
    """
    if step <= 0:
        return None
    if following > (highest + step if highest is not None else first):
        return f"{column}: the sequence {sequence} gives {following} next; {in_a_copy(highest)}"
    if highest is not None and following <= highest:
        return (
            f"{column}: the sequence {sequence} gives {following} next, although the rows have numbers up to "
            f"{highest}; a copy goes on after them"
        )
    return None


def in_a_copy(highest: int | None) -> str:
    """Return how a copy of a table goes on, by the greatest number of its rows."""
    if highest is None:
        return "a copy starts again, because there are no rows"
    return f"a copy goes on after {highest}, its greatest number"


def move_on(following: int, offset: int, last: int) -> int:
    """Return a number further on: by the offset, or by half of the numbers that are left if these are fewer."""
    return following + min(offset, max(last - following, 0) // 2)
