"""Files that a person takes away: readable by nobody else, never written over."""

import re
from itertools import count
from pathlib import Path

from cryptofunk_tui.domain.errors import ProductError


def write_export(folder: Path, name: str, text: str) -> Path:
    """Write `text` under a name like trace-c1.json, or trace-c1-2.json where that is there already. What
    could lead out of the folder is taken out of the name. Raises ProductError."""
    safe = Path(re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".") or "export")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in count(1):
            path = folder / (safe.name if number == 1 else f"{safe.stem}-{number}{safe.suffix}")
            try:
                with path.open("x", encoding="utf-8") as file:
                    path.chmod(0o600)
                    file.write(text)
                return path
            except FileExistsError:
                continue
    except OSError as error:
        raise ProductError(f"{folder}: {error.strerror}; nothing was exported") from None
    raise AssertionError("numbers do not end")
