"""Subscriptions; see the scenario subscription-renewal."""

from datetime import date

import pytest

from shop.models import Subscription
from shop.subscriptions import paid_until, renew_due
from tests.gateway import FakeGateway

pytestmark = pytest.mark.django_db

JUNIPER, WREN = 2001, 2002


def test_a_subscription_that_began_on_the_31st_comes_back_to_it_after_february() -> None:
    juniper = Subscription.objects.get(pk=JUNIPER)

    assert [renewal.period_start.isoformat() for renewal in juniper.renewals.all()] == [
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
    ]
    assert paid_until(juniper) == date(2026, 5, 31)


def test_only_an_active_subscription_renews() -> None:
    renewed = renew_due(date(2026, 5, 31), FakeGateway())

    assert [(r.subscription_id, r.period_start, r.period_end) for r in renewed] == [
        (JUNIPER, date(2026, 5, 31), date(2026, 6, 30))
    ]


def test_nothing_is_due_before_the_paid_time_is_over() -> None:
    assert renew_due(date(2026, 5, 30), FakeGateway()) == []


def test_a_subscription_that_cannot_be_paid_ends() -> None:
    gateway = FakeGateway(*["insufficient_funds"] * 3)

    assert renew_due(date(2026, 6, 1), gateway) == []
    assert Subscription.objects.get(pk=JUNIPER).status == "cancelled"
    assert gateway.charged == []
