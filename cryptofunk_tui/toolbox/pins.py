"""Pins of tools that are not ours: what was first seen is trusted, a change is refused until accepted."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from cryptofunk_tui.toolbox.errors import PinError
from cryptofunk_tui.toolbox.spec import Tool


def fingerprint(tool: Tool) -> str:
    """SHA-256 over the tool's name, description and input schema, whatever the order of its keys."""
    text = json.dumps([tool.name, tool.description, tool.input_schema], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class Pins:
    """The file `{server: {tool: sha256}}`. It is read anew for each check, so that an answer given in
    another terminal counts."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self, server: str, tools: Iterable[Tool]) -> dict[str, str]:
        """Pin the tools not seen before; return those that changed since, with the reason.
        Raises PinError where the file cannot be used: then no tool of the server may be."""
        pins = self._read()
        known = pins.setdefault(server, {})
        refused = {}
        new = False
        for tool in tools:
            found = fingerprint(tool)
            if tool.name not in known:
                known[tool.name] = found
                new = True
            elif known[tool.name] != found:
                refused[tool.name] = "changed since it was pinned, refused until a person accepts it"
        if new:
            self._write(pins)
        return refused

    def accept(self, server: str, tools: Iterable[Tool]) -> None:
        """Trust the tools as they are now. Raises PinError."""
        pins = self._read()
        pins.setdefault(server, {}).update({tool.name: fingerprint(tool) for tool in tools})
        self._write(pins)

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise PinError(f"pins {self._path} cannot be read: {error}; mend or remove the file") from None
        try:
            pins = json.loads(text)
        except ValueError:
            pins = None
        if not isinstance(pins, dict) or not all(
            isinstance(known, dict) and all(isinstance(pin, str) for pin in known.values())
            for known in pins.values()
        ):
            raise PinError(f"pins {self._path} are damaged; remove the file to pin the tools anew")
        return pins

    def _write(self, pins: dict[str, dict[str, str]]) -> None:
        temporary = self._path.with_suffix(f".{os.getpid()}.tmp")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with temporary.open("w", encoding="utf-8") as file:
                json.dump(pins, file, indent=1, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError as error:
            raise PinError(
                f"pins {self._path} cannot be written: {error.strerror}; mend its folder"
            ) from None
