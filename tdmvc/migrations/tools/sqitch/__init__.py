"""Reads Sqitch's migrations."""
