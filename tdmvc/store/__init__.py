"""Bytes by content: canonical rows, cut into Parquet parts by content, kept as DVC objects.

The way in is `build` (rows → `canonical` → `cutting` → `content` hash → `parquet` →
`objects`); the way out is `objects` (a listing and its parts, verified) and
`worktree` (parts laid into a folder). `journal` makes a change of many files one
step, `dvc` is the only door to DVC and is imported when bytes travel.
"""
