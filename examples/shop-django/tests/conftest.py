"""What tests of the shop use besides pytest-django's fixtures."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def committing(tdmvc_database: Any, django_db_blocker: Any) -> Iterator[None]:
    """Let a test commit as the application does, in as many connections as it likes.

    Django's own way to do so empties all tables after the test, also those of the dataset. Here nothing needs to be
    removed: tdmvc resets the database before the next test.
    """
    with django_db_blocker.unblock():
        yield
