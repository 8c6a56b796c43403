"""One engine a state directory, by a lock that dies with its holder."""

import subprocess
import sys
from pathlib import Path

import pytest

from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.lock import LOCK_FILE, StateLock, holder

HOLD = (
    "import sys, time, pathlib\n"
    "from cryptofunk_tui.storage.lock import StateLock\n"
    "StateLock(pathlib.Path(sys.argv[1])).acquire()\n"
    "print('held', flush=True)\n"
    "time.sleep(60)\n"
)


def test_a_second_engine_is_refused_by_name_and_let_in_after_a_kill(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as engine:
        try:
            assert engine.stdout is not None
            assert engine.stdout.readline() == b"held\n"
            with pytest.raises(StorageError, match=rf"runs here already \(process {engine.pid}\)"):
                StateLock(tmp_path).acquire()
            assert holder(tmp_path) == engine.pid
        finally:
            engine.kill()
            engine.wait()
    assert holder(tmp_path) is None
    with StateLock(tmp_path):
        assert (tmp_path / LOCK_FILE).read_text(encoding="ascii").strip().isdigit()


def test_a_lock_is_let_go(tmp_path: Path) -> None:
    lock = StateLock(tmp_path / "new")
    with lock:
        assert holder(tmp_path / "new") is not None
        with pytest.raises(StorageError, match="runs here already"), StateLock(tmp_path / "new"):
            pytest.fail("two engines")
    lock.release()
    assert holder(tmp_path / "new") is None
    assert holder(tmp_path / "never") is None


def test_a_place_that_holds_no_lock_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="choose another state directory"):
        StateLock(tmp_path / "file").acquire()
