"""What is wrong with rows and schemas, returned as findings, never raised.

Each file holds one check and is named after what it checks. A check is pure: whoever calls
it has read the data, the migrations and the manifest before.
"""
