"""The nouns of the house: no I/O."""
