"""SQL scripts that make tables: of PostgreSQL, MySQL and MariaDB, SQLite, DuckDB."""
