"""The text that is shown in place of a personal value."""

MASK = "•••"
