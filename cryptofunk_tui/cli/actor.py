"""Who acts, and from where: what is written beside every act."""

import getpass
import os
import sys


def actor(place: str) -> str:
    """The user and the place, and the address of who came over SSH or else the terminal: anna@console from
    10.0.0.5, anna@cli on pts/3."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user that has no name
        user = f"uid {os.getuid()}"
    if peer := os.environ.get("SSH_CONNECTION", "").split(" ")[0]:
        return f"{user}@{place} from {peer}"
    try:
        return f"{user}@{place} on {os.ttyname(sys.stdin.fileno()).removeprefix('/dev/')}"
    except (AttributeError, OSError, ValueError):  # no terminal: a script, a timer
        return f"{user}@{place}"
