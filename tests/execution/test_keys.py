"""Where keys are kept, and which files are refused."""

import json
import os
from pathlib import Path

import pytest

from cryptofunk_tui.domain.errors import ProductError, Refused
from cryptofunk_tui.execution import keys
from cryptofunk_tui.execution.keys import find_keys, keep_keys, keys_file, remove_keys
from cryptofunk_tui.market.venue_clients import Credentials

ONE = Credentials("key-one-123", "secret-one-123", "word")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr(keys, "_keyring", lambda: None)


def test_keys_are_kept_apart_for_the_test_net_and_read_back() -> None:
    place = keep_keys("binance", ONE, sandbox=False)
    assert place == str(keys_file())
    assert keys_file().stat().st_mode & 0o777 == 0o600
    assert keys_file().parent.stat().st_mode & 0o777 == 0o700
    found = find_keys("binance", sandbox=False)
    assert found is not None
    assert (found.credentials, found.place) == (ONE, place)
    assert find_keys("binance", sandbox=True) is None
    keep_keys("binance", Credentials("key-two-123", "secret-two-123"), sandbox=True)
    assert set(json.loads(keys_file().read_text())) == {"binance", "binance:sandbox"}
    assert remove_keys("binance", sandbox=False) == (place,)
    assert remove_keys("binance", sandbox=False) == ()
    assert find_keys("binance", sandbox=False) is None


def test_what_holds_a_secret_shows_none() -> None:
    keep_keys("binance", ONE, sandbox=False)
    found = find_keys("binance", sandbox=False)
    for secret in ("key-one-123", "secret-one-123", "word"):
        assert secret not in f"{found!r} {ONE!r} {ONE} {found}"


def test_the_environment_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYPTOFUNK_BINANCE_SANDBOX_API_KEY", "key-env-123")
    assert find_keys("binance", sandbox=True) is None
    monkeypatch.setenv("CRYPTOFUNK_BINANCE_SANDBOX_API_SECRET", "secret-env-123")
    found = find_keys("binance", sandbox=True)
    assert found is not None
    assert found.place == "the environment (CRYPTOFUNK_BINANCE_SANDBOX_API_KEY)"
    keep_keys("binance", ONE, sandbox=True)
    found = find_keys("binance", sandbox=True)
    assert found is not None
    assert found.credentials == ONE


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o610])
def test_a_file_that_others_can_touch_is_refused(mode: int) -> None:
    keep_keys("binance", ONE, sandbox=False)
    keys_file().chmod(mode)
    with pytest.raises(Refused, match="chmod 600"):
        find_keys("binance", sandbox=False)
    with pytest.raises(Refused, match="chmod 600"):
        keep_keys("kraken", ONE, sandbox=False)


def test_a_folder_that_others_can_enter_and_a_link_are_refused(tmp_path: Path) -> None:
    keep_keys("binance", ONE, sandbox=False)
    keys_file().parent.chmod(0o755)
    with pytest.raises(Refused, match="chmod 700"):
        find_keys("binance", sandbox=False)
    keys_file().parent.chmod(0o700)
    elsewhere = tmp_path / "elsewhere"
    keys_file().rename(elsewhere)
    keys_file().symlink_to(elsewhere)
    with pytest.raises(Refused, match="is a link"):
        find_keys("binance", sandbox=False)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_somebody_elses_file_is_refused() -> None:
    keep_keys("binance", ONE, sandbox=False)
    os.chown(keys_file(), 4711, 4711)
    with pytest.raises(Refused, match="belongs to another user"):
        find_keys("binance", sandbox=False)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"binance": "x"}'])
def test_a_torn_file_is_an_error_that_shows_nothing_of_it(text: str) -> None:
    keep_keys("binance", ONE, sandbox=False)
    keys_file().write_text(text)
    with pytest.raises(ProductError, match="cryptofunk keys set"):
        find_keys("binance", sandbox=False)
