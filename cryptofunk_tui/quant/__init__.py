"""Pure numbers on arrays."""
