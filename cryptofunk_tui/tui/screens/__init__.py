"""The main screen, the sheets that cover it, and the dialogs that stand before it."""
