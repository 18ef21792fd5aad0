"""Laws of the HTML page: whatever the data says, it parses, is balanced, shows the text, and makes no element."""

from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.render.cells import cell_text, visible
from tdmvc.render.review.html.anchors import slug
from tdmvc.render.review.html.markup import element, json_script, text
from tdmvc.render.review.html.review import render_review_html
from tdmvc.render.review.html.table import shares
from tdmvc.render.review.html.word_diff import marked, word_runs
from tests.render.html_samples import review_of, shop_review
from tests.series import trials

_VOID = {"meta", "link", "input", "br"}
_PIECES = st.sampled_from(
    [
        "<",
        ">",
        "</",
        "&",
        '"',
        "'",
        "<script>",
        "</script>",
        "<!--",
        "]]>",
        "&lt;",
        "&#",
        "`",
        "{",
        "[",
        " ",
        "\u202e",
    ]
)
TEXTS = st.lists(st.one_of(_PIECES, st.text(st.characters(), max_size=6)), max_size=6).map("".join)


class Balanced(HTMLParser):
    """Fails where tags are not balanced; keeps the tags, the attributes and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError("data made a comment")


SHOP = Balanced(render_review_html(shop_review()))


@settings(max_examples=trials(60, 20), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TEXTS, min_size=3, max_size=12))
def test_any_text_in_every_field_stays_text(texts: list[str]) -> None:
    turn = iter(range(10**6))
    review = review_of(lambda: texts[next(turn) % len(texts)])
    page = render_review_html(review)
    parsed = Balanced(page)
    assert parsed.tags <= SHOP.tags
    assert parsed.attributes <= SHOP.attributes
    shown = "".join(parsed.words)
    dataset = review.datasets[0]
    for value in (dataset.dataset, dataset.reasons[0], dataset.findings[0].message, dataset.commands[0]):
        assert visible(value) in shown
    row = dataset.diff.tables[0].samples.added[0]
    for value in row.values.values():
        assert cell_text(value) in shown
    page.encode()


@settings(max_examples=trials(40, 15), deadline=None)
@given(TEXTS.filter(lambda value: len(value) > 1), st.integers(1_000, 90_000))
def test_a_page_never_raises_and_is_the_same_each_time(value: str, most: int) -> None:
    one, other = (render_review_html(review_of(lambda: value), max_bytes=most) for _ in range(2))
    assert one == other
    Balanced(one)


@settings(max_examples=trials(40, 15), deadline=None)
@given(st.text("<&'\"ABCé0 \u202e", max_size=200))
def test_no_value_is_on_the_page_if_every_column_is_personal(secret: str) -> None:
    value = f"SECRET{secret}"
    names = iter(f"column{number}" for number in range(10**6))
    # Column names and values come from the same source: mark each by what it is first asked for.
    review = review_of(lambda: next(names))
    dataset = review.datasets[0]
    table = dataset.diff.tables[0]
    samples = table.samples
    hidden = {name for row in samples.added for name in row.values}
    hidden |= {cell.column for row in samples.changed for cell in row.cells}

    def masked(values: dict[str, object]) -> dict[str, object]:
        return dict.fromkeys(values, value)

    secret_samples = replace(
        samples,
        added=tuple(replace(row, key=masked(row.key), values=masked(row.values)) for row in samples.added),
        removed=tuple(
            replace(row, key=masked(row.key), values=masked(row.values)) for row in samples.removed
        ),
        changed=tuple(
            replace(
                row,
                key=masked(row.key),
                unchanged=masked(row.unchanged),
                cells=tuple(replace(c, old=value, new={value: [value]}, inside=(value,)) for c in row.cells),
            )
            for row in samples.changed
        ),
    )
    patterns = tuple(replace(p, old=value, new=value, by=value) for p in table.patterns)
    table = replace(table, samples=secret_samples, patterns=patterns, personal_columns=frozenset(hidden))
    unit = replace(dataset.units[0], key=masked(dataset.units[0].key), children=())
    shift = replace(dataset.shifts[0], bars=tuple(replace(b, label=value) for b in dataset.shifts[0].bars))
    groups = tuple(
        replace(group, by=value, members=tuple((table.name, p) for p in patterns))
        for group in dataset.diff.patterns
    )
    diff = replace(dataset.diff, tables=(table,), patterns=groups)
    review = replace(review, datasets=(replace(dataset, diff=diff, units=(unit,), shifts=(shift,)),))
    assert "SECRET" not in render_review_html(review)


@given(TEXTS)
def test_an_element_holds_and_names_any_text(value: str) -> None:
    parsed = Balanced(element("p", text(value), title=value))
    assert parsed.tags == {"p"}
    assert parsed.attributes == {"title"}
    assert "".join(parsed.words) == visible(value)


@settings(max_examples=trials(30, 10), deadline=None)
@given(st.dictionaries(TEXTS, st.lists(TEXTS, max_size=3), max_size=3))
def test_json_cannot_end_its_element(value: object) -> None:
    inside = json_script("data", value).removeprefix('<script type="application/json" id="data">')
    assert not set("<>&\u2028\u2029") & set(inside.removesuffix("</script>"))


@given(TEXTS, TEXTS)
def test_unlike_names_have_unlike_slugs(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (one == other)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=5), st.integers(0, 200))
def test_shares_use_all_the_room_that_is_needed(sizes: list[int], most: int) -> None:
    given_ = shares(sizes, most)
    assert all(0 <= share <= size for share, size in zip(given_, sizes, strict=True))
    assert sum(given_) == min(most, sum(sizes))


WORDS = st.lists(
    st.sampled_from(["alpha", "beta", "gamma", " ", "  ", "\n", ",", "<b>", "é"]), min_size=8, max_size=60
)


@given(WORDS, WORDS)
def test_runs_of_words_are_the_texts(left: list[str], right: list[str]) -> None:
    old, new = "".join(left), "".join(right)
    runs = word_runs(old, new)
    if runs is not None:
        assert "".join(run.text for run in runs[0]) == old
        assert "".join(run.text for run in runs[1]) == new
        equal = ["".join(run.text for run in side if run.is_equal) for side in runs]
        assert equal[0] == equal[1]
        assert Balanced(marked(runs[0])).tags <= {"b", "i"}
