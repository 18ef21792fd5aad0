-- An invoice is addressed by full name; the column now says that it holds one.
ALTER TABLE customers RENAME COLUMN name TO full_name;
