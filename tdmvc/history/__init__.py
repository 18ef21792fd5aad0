"""How a dataset, a table or a row came to be what it is."""
