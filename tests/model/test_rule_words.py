"""What a rule demands, in words."""

import pytest

from tdmvc.model.rule_words import demand_words
from tdmvc.model.rules import Present, Rule, RuleTest, Values


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (Present((0,)), "orders.amount is never 0"),
        (Present(("",)), "orders.amount is never ''"),
        (Present((None,)), "orders.amount is never null"),
        (Present((None, "", "n/a")), "orders.amount is none of null, '', n/a"),
        (Values((None, "", "a")), "orders.amount is one of null, '', a"),
    ],
)
def test_an_empty_text_and_null_have_words_of_their_own(test: RuleTest, words: str) -> None:
    assert demand_words(Rule("id", "orders", ("amount",), test)) == words
