"""Reads Liquibase's migrations."""
