"""What every glyph of the screen is where the terminal knows nothing but ASCII."""

from rich.cells import cell_len

_GLYPHS = {
    "▲↑⇧": "^",
    "▼↓": "v",
    "←≤◀": "<",
    "→≥▸▶": ">",
    "━─┄╌═–−‖╺╸": "-",
    "│║▏▎▍▌▐▕╎": "|",
    "┃▉█▇▆": "#",
    "●◐◉": "*",
    "◌○": "o",
    "■": "#",
    "✓": "+",
    "✗×": "x",
    "·…▁▔": ".",
    "▂": "_",
    "▃▄": "=",
    "▅": "+",
    "↻": "r",
    "≈": "~",
    "╭╮╰╯┌┐└┘┏┓┗┛├┤┬┴┼┣┫": "+",
    "’‘": "'",
    "“”": '"',
}


class AsciiTable(dict[int, str]):
    """A table for `str.translate`: our glyphs by what looks most like them, all else by as many question
    marks as it has cells."""

    def __init__(self) -> None:
        super().__init__({ord(glyph): plain for glyphs, plain in _GLYPHS.items() for glyph in glyphs})
        super().update({code: chr(code) for code in range(128)})

    def __missing__(self, code: int) -> str:
        plain = self[code] = "?" * cell_len(chr(code))
        return plain
