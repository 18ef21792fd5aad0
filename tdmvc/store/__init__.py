"""Content-addressed storage: canonical rows, cut into Parquet parts by content and kept as DVC objects.

To write: `build` sorts rows, `cutting` cuts them, `content` hashes and `parquet` encodes each part,
and `objects` keeps it. To read: `objects` returns a listing and its verified parts, and `worktree`
copies them into a folder. `journal` makes a change of many files atomic, and only `dvc` uses DVC.
"""
