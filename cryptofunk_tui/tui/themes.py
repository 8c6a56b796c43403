"""The console's colours: dark, light, high contrast, and one that colour-blind eyes can tell apart."""

from textual.theme import Theme

DEFAULTS = {
    "up": "#5fbf8f",
    "down": "#e5737d",
    "warn": "#e0b060",
    "quiet": "#7d8694",
    "track": "#3a414d",
    "spark": "#4d6a8c",
    "rule": "#343b46",
    "row": "#1d232d",
    "ink": "#0d1014",
}
"""What every theme defines, with the dark theme's values."""


def _theme(name: str, dark: bool, background: str, foreground: str, accent: str, **colours: str) -> Theme:
    own = {**DEFAULTS, **colours}
    return Theme(
        name=name,
        dark=dark,
        primary=accent,
        accent=accent,
        background=background,
        surface=background,
        panel=own["row"],
        foreground=foreground,
        success=own["up"],
        warning=own["warn"],
        error=own["down"],
        variables={**own, "footer-key-foreground": accent, "input-selection-background": accent},
    )


THEMES = (
    _theme("cryptofunk-dark", True, "#101318", "#d3d8e0", "#7fb0e8"),
    _theme(
        "cryptofunk-light",
        False,
        "#fbfaf7",
        "#23272e",
        "#1f5f9e",
        up="#1d7a4d",
        down="#b3303c",
        warn="#8a5a00",
        quiet="#6b7280",
        track="#d3d1cb",
        spark="#8fb3d9",
        rule="#cfccc4",
        row="#eceae4",
        ink="#ffffff",
    ),
    _theme(
        "cryptofunk-contrast",
        True,
        "#000000",
        "#ffffff",
        "#66d9ff",
        up="#00ff88",
        down="#ff6b6b",
        warn="#ffd400",
        quiet="#c0c0c0",
        track="#707070",
        spark="#9adcf0",
        rule="#a0a0a0",
        row="#2a2a2a",
        ink="#000000",
    ),
    _theme(
        "cryptofunk-colour-blind",
        True,
        "#101318",
        "#d3d8e0",
        "#cc99cc",
        up="#56b4e9",
        down="#e69f00",
        warn="#f0e442",
    ),
)
