"""Knows which slots of two aligned Arrow columns differ where their types do not compare as they are."""

import threading
from collections.abc import Callable

import pyarrow as pa

from tdmvc.changes.join.forms import pair_forms
from tdmvc.changes.join.json_form import register_json_udf
from tdmvc.changes.masks import Mask, count_up, mask_at
from tdmvc.changes.pairs import ColumnPair
from tdmvc.sql.duckdb import DuckDBConnection

_VIEW = "tdmvc_zipped"
_ONE_AT_A_TIME = threading.Lock()


def differing_by_forms(
    engine: Callable[[], DuckDBConnection], pair: ColumnPair, old: pa.Array, new: pa.Array
) -> Mask:
    """Return true a slot that differs, by the same forms that a join compares by."""
    forms = pair_forms(pair)
    zipped = pa.table({"i": count_up(len(old)), "o": old, "n": new})
    query = (
        f"SELECT i FROM (SELECT i, {forms.old('o')} AS o, {forms.new('n')} AS n FROM {_VIEW})"
        f" WHERE {forms.differs('o', 'n')}"
    )
    with _ONE_AT_A_TIME:
        con = engine()
        con.register(_VIEW, zipped)
        try:
            with register_json_udf(con, is_needed=forms.is_json):
                found = con.sql(query).to_arrow_table().column("i")
        finally:
            con.unregister(_VIEW)
    return mask_at(found.to_pylist(), len(old))
