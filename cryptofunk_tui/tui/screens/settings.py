"""Every setting in force, where it comes from, and how it is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from cryptofunk_tui.tui.panels.base import Tab, quiet, title_line
from cryptofunk_tui.tui.screens.list_sheet import Asking, ListSheet
from cryptofunk_tui.tui.text import Line, Span, clean, wrap
from cryptofunk_tui.tui.widgets.table import Column

if TYPE_CHECKING:
    from cryptofunk_tui.domain.parts import SettingFacts
    from cryptofunk_tui.tui.engine_handle import EngineHandle

HOW = "Settings are changed in a file of your own and named with --config; they hold from the next start on."


class SettingsScreen(Asking[tuple["SettingFacts", ...]], ListSheet["SettingFacts"]):
    """Read only: what a run was started with stays what it was started with."""

    keys: ClassVar[tuple[tuple[str, str], ...]] = (("esc", "back"), ("↑↓", "choose"), ("/", "filter"))
    columns: ClassVar[tuple[Column, ...]] = (
        Column("  setting", 30, most=46),
        Column("value", 12, most=24),
        Column("from", 12, 1, most=40),
        Column("default", 8, 3, most=34),
        Column("what it is", 20, 2, grow=True),
    )

    async def ask(self, engine: EngineHandle) -> tuple[SettingFacts, ...]:
        return await engine.settings()

    def heading_text(self) -> tuple[str, str]:
        changed = sum(row.origin != "default" for row in self.items())
        return "Settings", f"{len(self.shown())} of {len(self.items())}, {changed} not default"

    def items(self) -> Sequence[SettingFacts]:
        return self.answer or ()

    def key(self, item: SettingFacts) -> str:
        return item.key

    def empty(self) -> str:
        return self.status()

    def above(self, width: int) -> Sequence[Line]:
        return quiet(HOW, width=width)

    def cells(self, item: SettingFacts) -> Sequence[Span]:
        own = item.origin != "default"
        return (
            Span(item.key, "bold" if own else ""),
            Span(clean(item.value), "accent" if own else ""),
            Span(clean(item.origin) if own else "default", "accent" if own else "dim"),
            Span(clean(item.default) if own else "", "dim"),
            Span(item.words, "dim"),
        )

    def detail(self, width: int) -> Sequence[Line]:
        item = self.current()
        if item is None:
            return ()
        title = title_line((Tab("", "", item.key, True),), f"from {clean(item.origin, 60)}", width, False)
        lines = [*wrap(item.words, width), *wrap(f"now {clean(item.value, 800)}", width)[:3]]
        if item.value != item.default:
            lines += wrap(f"default {clean(item.default, 400)}", width)[:2]
        return (title, *((Span(line),) for line in lines))

    def take(self, item: SettingFacts) -> None:
        """Show the lines that a file would need."""
        parts = item.key.split(".")
        written = [f"{'  ' * depth}{name}:" for depth, name in enumerate(parts)]
        written[-1] += f" {clean(item.value, 400)}"
        self.notify("\n".join(written), title="in your file", markup=False, timeout=15)
