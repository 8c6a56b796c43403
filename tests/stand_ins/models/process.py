"""The stand-in as a test holds it."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[3]
KEYS = {
    "ANTHROPIC_API_KEY": "sk-ant-stand-in-1",
    "OPENAI_API_KEY": "sk-oai-stand-in-2",
    "GEMINI_API_KEY": "gem-stand-in-3",
}


class ModelsStandIn:
    """Its addresses and its control."""

    def __init__(self, url: str) -> None:
        self.url = url

    def behave(self, provider: str | None = None, **how: Any) -> None:
        """How a provider (all without one) answers from now on: `fault`, `text`, `action`, `after_s`,
        `retry_after`; sensibly where nothing is said."""
        self._post("control", {"provider": provider, **how})

    def seen(self) -> list[dict[str, Any]]:
        """Every request: provider, path, key, and the user's texts."""
        found: list[dict[str, Any]] = httpx.get(f"{self.url}/seen").json()
        return found

    def forget(self) -> None:
        self._post("forget", {})

    def providers(self) -> list[dict[str, Any]]:
        """The three of them as `models.providers` of a configuration."""
        return [
            {"shape": "anthropic", "model": "claude-sonnet-5-5", "base_url": self.url},
            {"shape": "openai", "model": "gpt-5.6-terra", "base_url": f"{self.url}/v1"},
            {"shape": "gemini", "model": "gemini-3.8-flash", "base_url": f"{self.url}/v1beta"},
        ]

    def _post(self, what: str, body: dict[str, Any]) -> None:
        httpx.post(f"{self.url}/{what}", json=body).raise_for_status()


@contextmanager
def models_started() -> Iterator[ModelsStandIn]:
    """A process of its own, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "tests.stand_ins.models", str(port)], cwd=ROOT)
    stand_in = ModelsStandIn(f"http://127.0.0.1:{port}")
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                stand_in.behave()
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline and process.poll() is None, "the stand-in did not start"
                time.sleep(0.05)
        yield stand_in
    finally:
        process.terminate()
        process.wait(10)
