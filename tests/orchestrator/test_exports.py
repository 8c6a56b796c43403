"""What a person takes away is theirs alone, and nothing is written over."""

from pathlib import Path

import pytest

from cryptofunk_tui.domain.errors import ProductError
from cryptofunk_tui.orchestrator.exports import write_export


def test_a_second_file_of_a_name_is_numbered(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    paths = [write_export(folder, "trace-c1.json", text) for text in ("one", "two")]
    assert [path.name for path in paths] == ["trace-c1.json", "trace-c1-2.json"]
    assert [path.read_text() for path in paths] == ["one", "two"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in paths)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "", "a/b", "\x1b[2J"])
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    assert write_export(tmp_path / "exports", name, "x").parent == tmp_path / "exports"


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProductError, match="nothing was exported"):
        write_export(tmp_path / "file" / "exports", "a.json", "x")
