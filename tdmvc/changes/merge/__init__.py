"""Three-way merge of a table: columns first, then parts, then rows, then cells.

Decisions are data: for each row that is not simply ours, where its cells come from (`rows`). Applying
them is a step of its own (`apply`), so that a merge with conflicts costs no writing.
"""
