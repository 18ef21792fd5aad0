"""Related rows as units, with links to their rows in the grids."""

from collections.abc import Mapping

from tdmvc.model.review import RelatedRow, RowChange
from tdmvc.model.text import plural
from tdmvc.render.privacy import Personal, personal_in_key
from tdmvc.render.review.html.anchors import RowAnchors, table_anchor
from tdmvc.render.review.html.cell import value_cell
from tdmvc.render.review.html.grid import Grid
from tdmvc.render.review.html.markup import Html, clipped, element, joined
from tdmvc.render.review.wording import ROW_SIGNS

_MOST_CHILDREN = 100
_DEEPEST = 12


class Relations:
    """The related rows of a dataset, with anchors to link to and personal columns to mask."""

    def __init__(
        self,
        dataset: str,
        personal: Personal,
        anchors: Mapping[str, RowAnchors],
        grids: Mapping[tuple[str, RowChange], Grid],
    ) -> None:
        self._dataset = dataset
        self._personal = personal
        self._anchors = anchors
        self._grids = grids

    def unit(self, row: RelatedRow) -> Html:
        """Return one unit, folded, with its rows inside."""
        head = joined(
            self._row(row, is_linked=False),
            element("span", plural(row.rows, "row touched", many="rows touched")),
        )
        return element("details", element("summary", head), self._tree((row,), 0), class_="unit")

    def _tree(self, rows: tuple[RelatedRow, ...], depth: int) -> Html | None:
        if not rows or depth > _DEEPEST:
            return None
        items = [
            element("li", self._row(row, is_linked=True), self._tree(row.children, depth + 1))
            for row in rows[:_MOST_CHILDREN]
        ]
        left = len(rows) - _MOST_CHILDREN
        if left > 0:
            items.append(element("li", f"… and {plural(left, 'more row')}"))
        return element("ul", *items)

    def _row(self, row: RelatedRow, *, is_linked: bool) -> Html:
        hidden = personal_in_key(row, self._personal)
        key = " · ".join(value_cell(value, is_personal=name in hidden) for name, value in row.key.items())
        name = joined(element("code", clipped(row.table, 60)), " ", element("span", Html(key), class_="key"))
        anchor = self._anchor(row) if is_linked else None
        return element(
            "span",
            element("b", ROW_SIGNS[row.change], class_="sign", aria_hidden="true"),
            element("a", name, href=f"#{anchor}") if anchor else name,
            element("span", row.change.value, class_="what"),
            class_=f"rel {row.change.value}",
        )

    def _anchor(self, row: RelatedRow) -> str | None:
        grid = self._grids.get((row.table, row.change))
        if row.sample is None or grid is None:
            return None
        if row.sample < grid.shown:
            return self._anchors[row.table].of(row.change, row.sample)
        return table_anchor(self._dataset, row.table)
