"""How dataset.yaml and contract.yaml of three sides are merged by what they say, line by line as people wrote it."""
