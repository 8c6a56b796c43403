"""What can go wrong with a call, in words that a person can act on."""


class ToolboxError(Exception):
    """A call that brought no answer. `outcome_unknown` says that the server may have acted all the same:
    ask it what happened, never send the call again."""

    def __init__(self, message: str, *, outcome_unknown: bool = False) -> None:
        super().__init__(message)
        self.outcome_unknown = outcome_unknown


class ToolRefused(ToolboxError):
    """The server, or its pins, refused; the text says why."""


class ToolTimeout(ToolboxError):
    """No answer within the deadline."""


class ServerDown(ToolboxError):
    """There is no server to ask, or it went away during the call."""


class WrongAnswer(ToolboxError):
    """An answer that breaks its own contract: not JSON, not of the declared shape, too large."""


class RateLimited(ToolboxError):
    """The calls of this minute are spent and the wait would outlast the deadline."""


class PinError(ToolboxError):
    """The file of pins cannot be read or written, so no pinned tool can be trusted."""


def one_line(text: str, longest: int = 300) -> str:
    """A stranger's text for a status line: one line, not endless, no control characters."""
    line = " ".join("".join(char for char in text if char.isprintable() or char.isspace()).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def describe(error: Exception) -> str:
    """The first cause inside nested exception groups, as one line."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ToolboxError):
        return str(error)
    return one_line(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
