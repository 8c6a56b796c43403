"""The line-oriented runner."""
