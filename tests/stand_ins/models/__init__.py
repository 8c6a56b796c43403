"""A stand-in for three model providers, as a process of its own that speaks their HTTP."""
