"""A blame as CSV is exact, and its variant for spreadsheets holds no formula."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from tdmvc.model.history import BlamedCell, BlamedRow, BlameReport, HistoryPoint
from tdmvc.model.text import FORMULA_STARTS
from tdmvc.render.format import RenderOptions
from tdmvc.render.history import BLAME_FORMATS

TEXTS = st.builds(lambda start, rest: start + rest, st.sampled_from(["", *FORMULA_STARTS]), st.text())


def fields(name: str, text: str) -> list[str]:
    point = HistoryPoint("c0ffee", "2026-01-01T00:00:00Z", text, text)
    row = BlamedRow({"id": text}, (BlamedCell(text, text, point),))
    report = BlameReport("golden", "orders", "golden", (text,), ("id",), (row,), 1, frozenset(), 1)
    out = BLAME_FORMATS[name].render(report, RenderOptions())
    (_, *lines) = csv.reader(io.StringIO(out, newline=""))
    assert len(lines) == 1
    key, column, value, _, author, _, subject, _ = lines[0]
    return [key, column, value, author, subject]


@given(TEXTS)
def test_csv_is_exact_and_csv_safe_holds_no_formula(text: str) -> None:
    assert fields("csv", text) == [text] * 5
    shown = f"'{text}" if text[:1] and text[0] in FORMULA_STARTS else text
    assert fields("csv-safe", text) == [shown] * 5
