"""A merge of branches, from the plan to the merged pointers."""
