"""The command line: every command, its options, its exit code."""

from cryptofunk_tui.cli.app import main

__all__ = ["main"]
