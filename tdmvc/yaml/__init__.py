"""YAML text, read strictly and edited without losing comments."""
