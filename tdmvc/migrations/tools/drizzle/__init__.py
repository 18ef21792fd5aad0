"""drizzle."""
