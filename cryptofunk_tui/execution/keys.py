"""Where the keys of a venue are kept: the system's keyring, else a file that nobody else can read, else the
environment. Only the order executor reads them while the product runs."""

import contextlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptofunk_tui.domain.errors import ProductError, Refused
from cryptofunk_tui.domain.plain_text import keep_secret
from cryptofunk_tui.market.venue_clients import Credentials

SERVICE = "cryptofunk"
FILE = "keys.json"


@dataclass(frozen=True)
class Found:
    """A venue's keys and where they were."""

    credentials: Credentials
    place: str


def account_of(venue: str, *, sandbox: bool) -> str:
    """The name that keys are kept under: those of a test net apart from the real ones."""
    return f"{venue}:sandbox" if sandbox else venue


def variables(venue: str, *, sandbox: bool) -> tuple[str, str, str]:
    """Environment variables of key, secret and password."""
    name = f"CRYPTOFUNK_{venue.upper()}_{'SANDBOX_' if sandbox else ''}API"
    return f"{name}_KEY", f"{name}_SECRET", f"{name}_PASSWORD"


def find_keys(venue: str, *, sandbox: bool) -> Found | None:
    """The keys, None where there are none. From then on this process hides them in its texts. Raises Refused
    for a file that others could read or write."""
    name = account_of(venue, sandbox=sandbox)
    found = _from_keyring(name) or _from_file(name) or _from_environment(venue, sandbox=sandbox)
    if found is not None:
        keys = found.credentials
        keep_secret(keys.key, keys.secret, keys.password)
    return found


def keep_keys(venue: str, credentials: Credentials, *, sandbox: bool) -> str:
    """Keep keys in the keyring, or where the system has none in the file; the place. Raises Refused for a
    file or folder that others could read or write."""
    name, text = account_of(venue, sandbox=sandbox), _dumped(credentials)
    if _in_keyring(name, text):
        return "the system's keyring"
    kept = _read_file()
    kept[name] = json.loads(text)
    _write_file(kept)
    return str(keys_file())


def remove_keys(venue: str, *, sandbox: bool) -> tuple[str, ...]:
    """Forget keys; the places that had them. Those of the environment are not ours to remove."""
    name = account_of(venue, sandbox=sandbox)
    places = []
    with contextlib.suppress(Exception):  # whatever backend there is, its failure means nothing was kept
        if (ring := _keyring()) and ring.get_password(SERVICE, name) is not None:
            ring.delete_password(SERVICE, name)
            places.append("the system's keyring")
    kept = _read_file()
    if kept.pop(name, None) is not None:
        _write_file(kept)
        places.append(str(keys_file()))
    return tuple(places)


def keys_file() -> Path:
    """In the user's configuration folder."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "cryptofunk" / FILE


def check_private(path: Path) -> None:
    """Raises Refused for a file or folder that another user could read or write, or that is not what it
    seems."""
    try:
        found = path.lstat()
    except OSError as error:
        raise ProductError(f"{path}: {error.strerror}") from None
    kind = "700" if stat.S_ISDIR(found.st_mode) else "600"
    if stat.S_ISLNK(found.st_mode):
        raise Refused(f"{path} is a link; put the file itself there")
    if found.st_uid != os.getuid():
        raise Refused(f"{path} belongs to another user; keep your keys in a file of your own")
    if found.st_mode & 0o077:
        raise Refused(f"{path} can be read by others; run: chmod {kind} {path}")


def _keyring() -> Any:
    """The keyring module where a real backend is behind it; None on a machine without one."""
    import keyring
    from keyring.backends import fail

    backend = keyring.get_keyring()
    return None if isinstance(backend, fail.Keyring) or backend.priority <= 0 else keyring


def _in_keyring(name: str, text: str) -> bool:
    try:
        ring = _keyring()
        if ring is None:
            return False
        ring.set_password(SERVICE, name, text)
        return bool(ring.get_password(SERVICE, name) == text)
    except Exception:  # a keyring that is locked or broken: the file serves
        return False


def _from_keyring(name: str) -> Found | None:
    try:
        ring = _keyring()
        text = None if ring is None else ring.get_password(SERVICE, name)
        return None if text is None else Found(_loaded(json.loads(text)), "the system's keyring")
    except Exception:  # as above
        return None


def _from_file(name: str) -> Found | None:
    kept = _read_file().get(name)
    return None if kept is None else Found(_loaded(kept), str(keys_file()))


def _from_environment(venue: str, *, sandbox: bool) -> Found | None:
    names = variables(venue, sandbox=sandbox)
    key, secret, password = (os.environ.get(each) for each in names)
    if not key or not secret:
        return None
    return Found(Credentials(key, secret, password or None), f"the environment ({names[0]})")


def _read_file() -> dict[str, Any]:
    path = keys_file()
    if not path.exists() and not path.is_symlink():
        return {}
    check_private(path.parent)
    check_private(path)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        assert isinstance(kept, dict)
    except (ValueError, AssertionError):
        raise ProductError(
            f"{path}: not readable as keys; set them again with `cryptofunk keys set`"
        ) from None
    return kept


def _write_file(kept: dict[str, Any]) -> None:
    path = keys_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_private(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        os.write(file, json.dumps(kept, indent=1).encode())
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(path)


def _dumped(credentials: Credentials) -> str:
    return json.dumps([credentials.key, credentials.secret, credentials.password])


def _loaded(kept: Any) -> Credentials:
    try:
        key, secret, password = kept
    except (ValueError, TypeError):
        raise ProductError("the keys are not kept whole; set them again with `cryptofunk keys set`") from None
    return Credentials(str(key), str(secret), None if password is None else str(password))
