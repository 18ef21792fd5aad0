"""Schemas of Avro: each record that is not inside of another is a table."""
