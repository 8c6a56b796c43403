"""A command that has ended."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Done:
    """Its exit code and what it wrote."""

    code: int
    out: str
    err: str

    def complaint(self) -> str:
        """The one line that says what is wrong."""
        assert self.err.startswith("cryptofunk: ")
        assert self.err.count("\n") == 1, self.err
        return self.err


Command = Callable[..., Done]
