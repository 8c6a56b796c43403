"""What is well and what is not, while the run goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from cryptofunk_tui.tui.panels.base import heading
from cryptofunk_tui.tui.screens.list_sheet import Asking
from cryptofunk_tui.tui.screens.search import marked
from cryptofunk_tui.tui.text import BLANK, NO, WARN, YES, Line, Span, clean, fit, wrap

if TYPE_CHECKING:
    from cryptofunk_tui.domain.parts import Finding
    from cryptofunk_tui.tui.engine_handle import EngineHandle

NAME_CELLS = 24
LEAST = (80, 24)
"""Columns and rows from which on nothing that matters is left out."""


class DoctorScreen(Asking[tuple["Finding", ...]]):
    """The findings of the engine, then those of the terminal; `R` looks again."""

    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("esc", "back"),
        ("↑↓", "scroll"),
        ("/", "find"),
        ("R", "look again"),
    )

    async def ask(self, engine: EngineHandle) -> tuple[Finding, ...]:
        return await engine.examine()

    def heading_text(self) -> tuple[str, str]:
        if self.answer is None:
            return "Doctor", ""
        wrong = sum(not finding.ok for finding in self.answer)
        return (
            "Doctor",
            f"{wrong} of {len(self.answer)} not well" if wrong else f"{len(self.answer)} looked at, all well",
        )

    def lines(self, width: int) -> Sequence[Line]:
        body: list[Line] = [heading("The run")]
        if self.problem or self.answer is None:
            body += [(Span(line, "warn"),) for line in wrap(self.status(), width)]
        for finding in self.answer or ():
            mark = Span(f"{YES} ", "up") if finding.ok else Span(f"{NO} ", "error")
            body += _finding(mark, clean(finding.name, 40), clean(finding.detail), width)
        body += [BLANK, heading("This terminal")]
        for good, name, detail in self._terminal():
            body += _finding(Span(f"{YES} ", "up") if good else Span(f"{WARN} ", "warn"), name, detail, width)
        return [marked(line, self.words) for line in body] if self.words else body

    def _terminal(self) -> Iterator[tuple[bool, str, str]]:
        size = self.app.size
        wide = size.width >= LEAST[0] and size.height >= LEAST[1]
        yield wide, "size", f"{size.width}×{size.height}" + ("" if wide else "; 80×24 and more show it all")
        colours = self.app.console.color_system
        if "NO_COLOR" in os.environ:
            yield True, "colours", "none, as NO_COLOR asks"
        else:
            yield (
                colours is not None,
                "colours",
                str(colours or "none; set COLORTERM=truecolor if it has them"),
            )
        yield True, "terminal", clean(os.environ.get("TERM", "unknown"), 40)
        if "SSH_CONNECTION" in os.environ:
            yield True, "line", "over SSH; B paints seldom where it is slow"
        if "TMUX" in os.environ:
            yield True, "tmux", "`set -g allow-passthrough on` lets notes reach the desktop"


def _finding(mark: Span, name: str, detail: str, width: int) -> list[Line]:
    first, *rest = wrap(detail, max(20, width - NAME_CELLS - 2)) or [""]
    indent = " " * (NAME_CELLS + 2)
    return [
        (mark, Span(fit(name, NAME_CELLS), "bold"), Span(first)),
        *((Span(indent + more),) for more in rest),
    ]
