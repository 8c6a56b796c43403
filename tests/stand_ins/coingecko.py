"""CoinGecko on this machine: its REST stand-in, its own MCP server from npm, and the older scheme's."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

HERE = Path(__file__).parent
PACKAGE = {
    "name": "coingecko-offline",
    "private": True,
    "dependencies": {"@coingecko/coingecko-mcp": "8.2.0", "deno": "2.8.3"},
    "overrides": {"jq-web": "0.6.2"},
}
INSTALL_TIMEOUT_S = 90
START_TIMEOUT_S = 20


class Unavailable(Exception):
    """CoinGecko's own server cannot be had here; the text is the reason to skip."""


@dataclass(frozen=True)
class Rest:
    """The REST stand-in, with the switch for its faults."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v3"

    def fault(self, path: str, fault: str) -> None:
        """Break `path` (`*` for all): 429, 500 or hang."""
        self._switch({"path": path, "fault": fault})

    def answer(self, path: str, body: str) -> None:
        """Have `path` answer `body`, whatever it is."""
        self._switch({"path": path, "body": body})

    def mend(self) -> None:
        self._switch({})

    def seen(self) -> list[str]:
        """The paths asked for so far."""
        return list(httpx.get(f"http://127.0.0.1:{self.port}/seen").json())

    def _switch(self, fault: dict[str, str]) -> None:
        httpx.post(f"http://127.0.0.1:{self.port}/faults", json=fault).raise_for_status()


@contextlib.contextmanager
def rest_stand_in() -> Iterator[Rest]:
    with started([sys.executable, str(HERE / "coingecko_rest.py")], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield Rest(int(process.stdout.readline()))


@contextlib.contextmanager
def tools_server(port: int, rest: Rest, *description: str) -> Iterator[psutil.Process]:
    """The scheme of endpoint tools at `http://127.0.0.1:port/mcp`."""
    script = HERE / "coingecko_tools_server.py"
    with started([sys.executable, str(script), str(port), rest.url, *description]) as process:
        until_listening(port, process)
        yield psutil.Process(process.pid)


@contextlib.contextmanager
def npm_server(port: int, rest: Rest) -> Iterator[psutil.Process]:
    """CoinGecko's own server, code mode, at `http://127.0.0.1:port/`. Raises Unavailable."""
    folder = npm_package()
    modules = folder / "node_modules"
    env = {
        **{name: os.environ[name] for name in ("HOME", "TMPDIR", "LANG") if name in os.environ},
        "PATH": f"{modules / '.bin'}:{os.environ['PATH']}",
        "COINGECKO_BASE_URL": rest.url,
        "COINGECKO_DEMO_API_KEY": "t",
    }
    command = ["node", str(modules / "@coingecko/coingecko-mcp/index.js")]
    command += ["--transport=http", f"--port={port}", "--log-format=json"]
    with started(command, env=env) as process:
        until_listening(port, process)
        yield psutil.Process(process.pid)


def npm_package() -> Path:
    """The folder with the installed package; installed by the first who asks, whatever their process."""
    if not shutil.which("npm") or not shutil.which("node"):
        raise Unavailable("npm and node are needed for CoinGecko's own server")
    folder = Path(tempfile.gettempdir()) / f"cryptofunk-coingecko-mcp-8.2.0-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            (folder / "package.json").write_text(json.dumps(PACKAGE))
            try:
                subprocess.run(
                    ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"],
                    cwd=folder, check=True, capture_output=True, timeout=INSTALL_TIMEOUT_S,
                )  # fmt: skip
            except (OSError, subprocess.SubprocessError) as error:
                raise Unavailable(f"CoinGecko's own server could not be installed: {error}") from None
            (folder / "installed").touch()
    return folder


@contextlib.contextmanager
def started(
    command: list[str], *, env: dict[str, str] | None = None, stdout: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[str]]:
    """A process that is gone when the block ends, with its whole group: CoinGecko's server leaves a worker
    behind for each call."""
    process = subprocess.Popen(
        command, env=env, stdout=stdout, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def until_listening(port: int, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on port {port}")
