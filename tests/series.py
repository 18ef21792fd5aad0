"""How long a series of repeated trials is: a fixed sample in `make test`, all of it in `make test-long`."""

import os

IS_LONG = os.environ.get("TDMVC_LONG_TESTS") == "1"


def trials(full: int, sample: int) -> int:
    """Return how many trials a series makes: kills at different instants, or examples of a law."""
    return full if IS_LONG else sample
