"""A payment provider for tests."""

from decimal import Decimal


class FakeGateway:
    """Gives the answers that a test tells it, and then accepts everything."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.charged: list[Decimal] = []

    def charge(self, method: str, amount: Decimal) -> str | None:
        failure = self.answers.pop(0) if self.answers else None
        if failure is None:
            self.charged.append(amount)
        return failure
