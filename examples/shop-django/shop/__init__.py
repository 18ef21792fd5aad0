"""Lumen, a small shop for candles and lamps, with Django."""
