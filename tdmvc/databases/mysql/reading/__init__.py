"""Takes rows out of a database: `snapshot` opens it, `row_tests` looks at values, `rows` streams them."""
