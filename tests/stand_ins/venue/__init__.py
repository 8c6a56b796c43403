"""Binance's spot exchange as a process of its own: REST, user stream, matching, and faults on demand."""

KEY = "stand-in-key-8c1f"
SECRET = "stand-in-secret-2b7e"
