from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tdmvc.hosts import Patience
from tests.hosts.fake_servers import GitHubServer, GitLabServer, running


@dataclass
class Clock:
    """A clock that only goes when somebody sleeps."""

    time: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    @property
    def patience(self) -> Patience:
        return Patience(self.sleep, lambda: self.time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    server = GitHubServer()
    with running(server):
        yield server


@pytest.fixture
def gitlab() -> Iterator[GitLabServer]:
    server = GitLabServer()
    with running(server):
        yield server
