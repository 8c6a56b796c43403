"""One file an agent: what it needs and its rule."""
