"""The Open Data Contract Standard (ODCS 3), in which contract.yaml is written."""
