"""The database behind it all."""
