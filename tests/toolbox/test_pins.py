"""Pins: first use pins, a change is refused, the file is whole or refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.toolbox.errors import PinError
from cryptofunk_tui.toolbox.pins import Pins, fingerprint
from cryptofunk_tui.toolbox.spec import Tool


def tool(name: str = "get", description: str = "d", schema: dict[str, Any] | None = None) -> Tool:
    return Tool(name, description, schema or {"type": "object"}, read_only=True)


def test_first_use_pins_and_a_change_is_refused_until_accepted(tmp_path: Path) -> None:
    pins = Pins(tmp_path / "state" / "pins.json")
    assert pins.check("a", [tool()]) == {}
    assert pins.check("a", [tool()]) == {}
    assert pins.check("b", [tool(description="other")]) == {}, "servers are apart"
    assert list(pins.check("a", [tool(description="changed"), tool("new")])) == ["get"]
    assert list(Pins(tmp_path / "state" / "pins.json").check("a", [tool(description="changed")])) == ["get"]
    pins.accept("a", [tool(description="changed")])
    assert pins.check("a", [tool(description="changed")]) == {}
    assert list(pins.check("a", [tool()])) == ["get"], "the old one is the stranger now"
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["pins.json"]


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), min_size=2, max_size=6))
def test_the_order_of_keys_does_not_matter_and_any_field_does(schema: dict[str, Any]) -> None:
    turned = dict(reversed(schema.items()))
    assert fingerprint(tool(schema=schema)) == fingerprint(tool(schema=turned))
    others = [tool(name="x", schema=schema), tool(description="x", schema=schema), tool(schema={"x": schema})]
    assert len({fingerprint(other) for other in [tool(schema=schema), *others]}) == 4


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": []}', '{"a": {"get": 1}}', "\x00"])
def test_a_damaged_file_is_refused_not_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pins.json"
    path.write_text(text)
    with pytest.raises(PinError, match="damaged; remove the file"):
        Pins(path).check("a", [tool()])
    assert path.read_text() == text


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PinError):
        Pins(tmp_path / "file" / "pins.json").check("a", [tool()])


def test_pins_are_readable_json(tmp_path: Path) -> None:
    Pins(tmp_path / "pins.json").check("a", [tool()])
    assert json.loads((tmp_path / "pins.json").read_text()) == {"a": {"get": fingerprint(tool())}}
