"""Names and history: Git, the configuration, the manifest, and how a name becomes a state of a dataset.

Nothing here opens a row of data. Files are read through a `FileTree`, so that the
work tree and any Git revision are read by the same code.
"""
