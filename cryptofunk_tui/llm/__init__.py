"""How a model is asked, and why its word can be trusted no further than it was checked."""
