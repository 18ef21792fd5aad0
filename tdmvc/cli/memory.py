"""Limits the memory of the process to what the machine has, so that hostile data ends in an error and not in a kill."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_LEAST_BYTES = 2 << 30
"""A process may always take this much, whatever else runs on the machine."""
_CGROUP = Path("/sys/fs/cgroup")
_CGROUP_FILES = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)


def limit_memory() -> None:
    """Let allocations fail once the free memory of the machine or container is used up; only on Linux.

    A small file can expand to more than any machine holds. Without a limit, the kernel then kills a process,
    and not always this one. Address space that is only reserved does not count.
    """
    if resource is None or not os.path.exists("/proc/self/status"):
        return
    with contextlib.suppress(OSError, ValueError):
        free = min(_free_bytes())
        limit = max(_LEAST_BYTES, _own_bytes() + free)
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        if most == resource.RLIM_INFINITY or limit < most:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, most))


def _free_bytes() -> Iterator[int]:
    """Yield how much more the machine has, and the container, if it has a limit."""
    facts = _read_facts(Path("/proc/meminfo"))
    yield facts["MemAvailable"] + facts.get("SwapFree", 0)
    for limit, used in _CGROUP_FILES:
        with contextlib.suppress(OSError, ValueError):
            yield int((_CGROUP / limit).read_text()) - int((_CGROUP / used).read_text())


def _own_bytes() -> int:
    return _read_facts(Path("/proc/self/status"))["VmData"]


def _read_facts(path: Path) -> dict[str, int]:
    """Return the facts of a file of /proc that are in kB, as bytes."""
    facts = {}
    for line in path.read_text().splitlines():
        name, _, value = line.partition(":")
        if value.endswith("kB"):
            facts[name] = int(value.removesuffix("kB")) * 1024
    return facts
