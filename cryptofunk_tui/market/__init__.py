"""Where prices come from, behind one source protocol."""
