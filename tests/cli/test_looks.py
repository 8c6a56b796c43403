"""How the console looks: the options, then the file; a broken file is left to the settings to tell."""

from pathlib import Path
from typing import Any

import pytest

from cryptofunk_tui.cli.console import _looks
from cryptofunk_tui.cli.options import ThemeChoice

NOTHING = {"config": None, "theme": None, "ascii": False, "no_mouse": False, "low_bandwidth": False}
DEFAULT = {"theme": "dark", "ascii": False, "mouse": True, "low_bandwidth": False}


class Utf8:
    encoding = "utf-8"


@pytest.fixture(autouse=True)
def a_terminal_that_speaks_utf8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.__stderr__", Utf8())
    monkeypatch.delenv("CRYPTOFUNK_CONFIG", raising=False)


def looks(tmp_path: Path, text: str, **options: Any) -> dict[str, Any]:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return _looks({**NOTHING, "config": path, **options})


def test_without_a_word_it_is_dark_and_takes_the_mouse() -> None:
    assert _looks(NOTHING) == DEFAULT


def test_the_file_is_read_and_the_options_win(tmp_path: Path) -> None:
    text = "console: {theme: light, ascii: true, mouse: false, low_bandwidth: true}"
    assert looks(tmp_path, text) == {"theme": "light", "ascii": True, "mouse": False, "low_bandwidth": True}
    given = {"theme": ThemeChoice.CONTRAST, "no_mouse": True, "low_bandwidth": True}
    assert looks(tmp_path, "console: {theme: light}", **given) == {
        "theme": "contrast",
        "ascii": False,
        "mouse": False,
        "low_bandwidth": True,
    }


@pytest.mark.parametrize(
    "text", ["", "console:", "[1, 2]", "console: {theme: pink, mouse: 3}", "a: b: c", "console: x"]
)
def test_what_cannot_be_read_changes_nothing(tmp_path: Path, text: str) -> None:
    assert looks(tmp_path, text) == DEFAULT


def test_a_terminal_without_utf8_is_drawn_in_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    class Latin:
        encoding = "iso-8859-1"

    monkeypatch.setattr("sys.__stderr__", Latin())
    assert _looks(NOTHING)["ascii"]
