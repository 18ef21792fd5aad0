"""liquibase."""
