"""How the console looks and speaks to its terminal."""

from typing import Literal

from cryptofunk_tui.domain.base import Record


class ConsoleConfig(Record):
    """The console's own settings; the command line may say otherwise."""

    theme: Literal["dark", "light", "contrast", "colour-blind"] = "dark"
    """Its colours; T goes through them."""
    ascii: bool = False
    """Draw with ASCII alone. A terminal that does not speak UTF-8 is drawn so by itself."""
    mouse: bool = True
    """Off leaves the mouse to the terminal, for selecting text."""
    low_bandwidth: bool = False
    """Paint seldom, for a slow SSH line; B changes it."""
