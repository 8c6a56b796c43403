"""MCP servers, started as `python -m servers.NAME`."""

import gc
import sys

# Imports make objects that live for ever; looking for garbage among them is a fifth of a server's start.
# `support.run` freezes them and turns the collector on.
if any(word.startswith(f"{__name__}.") for word in sys.orig_argv):
    gc.disable()
