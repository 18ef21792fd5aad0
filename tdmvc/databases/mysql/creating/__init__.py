"""Makes tables and views: `column_types` chooses types, `declaring` writes statements, `tables` runs them."""
