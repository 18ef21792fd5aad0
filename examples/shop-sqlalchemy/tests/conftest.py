"""What all tests of the shop use."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from shop.database import Session as new_session


class FakeGateway:
    """A payment provider that gives the answers a test tells it, and then accepts everything."""

    def __init__(self) -> None:
        self.answers: list[str | None] = []
        self.charged: list[Decimal] = []

    def charge(self, method: str, amount: Decimal) -> str | None:
        failure = self.answers.pop(0) if self.answers else None
        if failure is None:
            self.charged.append(amount)
        return failure


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def session(tdmvc_database: object) -> Iterator[Session]:
    """A session of the application. It may commit: tdmvc resets the database before the next test."""
    with new_session() as session:
        yield session
