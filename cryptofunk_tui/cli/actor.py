"""Who acts, and from where: what is written beside every act."""

import getpass
import os


def actor(place: str) -> str:
    """The user and the place, and the address of who came over SSH: anna@console from 10.0.0.5."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user that has no name
        user = f"uid {os.getuid()}"
    peer = os.environ.get("SSH_CONNECTION", "").split(" ")[0]
    return f"{user}@{place}" + (f" from {peer}" if peer else "")
