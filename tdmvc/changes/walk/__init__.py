"""Two sides of a table walked side by side in key order, when both are sorted by the same key.

Footers say which parts hold the same keys; raw column chunks say which columns of
those differ; only these are decoded. No SQL engine is started, and one key range of
the key order is in memory at a time.
"""
