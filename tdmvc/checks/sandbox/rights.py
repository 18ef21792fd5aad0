"""What the process that runs queries gives up before it reads one: files, memory and time beyond its limits."""

import contextlib
import os

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_RESERVED_BYTES = 4 << 30
"""Address space that threads and allocators reserve without using it."""


def give_up_rights(memory_bytes: int | None) -> None:
    """Limit memory to what is used now and some more, and forbid to write any file, for good.

    Args:
        memory_bytes: how much more; None if the system cannot limit it, so that the parent watches it.
    """
    if resource is None:
        return
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    if memory_bytes is None:
        return
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = file.read().split()
        used, data = int(pages[0]) * resource.getpagesize(), int(pages[5]) * resource.getpagesize()
        _limit(resource.RLIMIT_AS, used + memory_bytes + _RESERVED_BYTES)
        _limit(resource.RLIMIT_DATA, data + memory_bytes)


def allow_processor_time(seconds: float) -> None:
    """Let the process use this much more processor time, whatever it used before."""
    if resource is None:
        return
    used = sum(os.times()[:2])
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 2, most))


def _limit(what: int, amount: int) -> None:
    _, most = resource.getrlimit(what)
    if most != resource.RLIM_INFINITY:
        amount = min(amount, most)
    resource.setrlimit(what, (amount, amount))
