"""What a screen may ask of a run beyond what it is told."""

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptofunk_tui.domain.acts import Act
from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.cycle import CycleRecord
from cryptofunk_tui.domain.errors import Refused
from cryptofunk_tui.domain.events import LogLine
from cryptofunk_tui.domain.parts import Finding, ServerFacts, SettingFacts, ToolAnswer, ToolFacts
from cryptofunk_tui.domain.performance import Performance
from cryptofunk_tui.domain.rules import ANALYSIS_AGENTS, STRATEGY_AGENTS
from cryptofunk_tui.orchestrator import report
from cryptofunk_tui.orchestrator.controls import Controls
from cryptofunk_tui.orchestrator.doctor import examine_run
from cryptofunk_tui.orchestrator.explain import explain
from cryptofunk_tui.orchestrator.exports import write_export
from cryptofunk_tui.settings import Settings
from cryptofunk_tui.storage.acts import Acts
from cryptofunk_tui.toolbox.spec import Tool

CALL_S = 20.0
"""A call by hand may take this long."""
MOST_SHOWN = 200_000
"""Characters of an answer that are shown."""


class Inquiries(Controls):
    """Questions that are answered from the run's own files and servers. Each raises ProductError while the
    run is not wired."""

    def __init__(self, settings: Settings, state_dir: Path, clock: Clock, origins: Mapping[str, str]) -> None:
        """`origins` says where each setting that is not a default comes from, by dotted key."""
        super().__init__(state_dir, settings.rules.approvals, clock)
        self._settings = settings
        self._origins = origins

    async def server(self, name: str) -> ServerFacts:
        """A server's process and its tools."""
        toolbox = self._wired.toolbox
        tools = tuple(
            ToolFacts(
                name=tool.name,
                description=tool.description,
                arguments=dict(tool.input_schema),
                forbidden=self._forbidden(name, tool),
            )
            for tool in toolbox.tools(name)
        )
        return ServerFacts(name=name, pid=toolbox.pid(name), tools=tools)

    async def call_tool(self, server: str, name: str, arguments: dict[str, Any], actor: str) -> ToolAnswer:
        """Call a tool by hand. Raises Refused for one that may change something, or that is not known."""
        tool = next((tool for tool in self._wired.toolbox.tools(server) if tool.name == name), None)
        if tool is None:
            raise Refused(f"{server} offers no tool {name!r} now")
        if reason := self._forbidden(server, tool):
            raise Refused(f"{server}.{name}: {reason}")
        text = f"{server}.{name} called by {actor}"
        self._wired.publish(LogLine(at=self._clock.now(), level="info", source="console", text=text))
        started = time.perf_counter()
        answer = await self._wired.toolbox.call(server, name, arguments, deadline_s=CALL_S)
        took_ms = (time.perf_counter() - started) * 1000
        text = json.dumps(answer, indent=2, ensure_ascii=False)
        cut = f"\n… {len(text) - MOST_SHOWN} characters more" if len(text) > MOST_SHOWN else ""
        return ToolAnswer(text=text[:MOST_SHOWN] + cut, took_ms=took_ms)

    def _forbidden(self, server: str, tool: Tool) -> str:
        """Why a tool is not called by hand. What our own servers say of their tools is known to be true; of a
        foreign one it is a claim, but no foreign server holds keys or places orders."""
        if reason := self._wired.toolbox.refused(server).get(tool.name):
            return reason
        return "" if tool.read_only else "it may change something; only reading tools are called by hand"

    async def agent_numbers(self, name: str) -> tuple[SettingFacts, ...]:
        """An agent's numbers as they are now; none for one that has none."""
        rules = self._wired.sitting.rules
        if name not in (*ANALYSIS_AGENTS, *STRATEGY_AGENTS):
            return ()
        now = self._settings.model_copy(update={"rules": rules})
        prefix = f"rules.council.{name}."
        return tuple(row for row in explain(now, self._origins) if row.key.startswith(prefix))

    async def settings(self) -> tuple[SettingFacts, ...]:
        """Every setting in force, and where it comes from."""
        return explain(self._settings, self._origins)

    async def examine(self) -> tuple[Finding, ...]:
        """What a doctor finds while the run goes on."""
        wires = self._wired
        return tuple(await examine_run(self._settings, self._state_dir, wires.journal, wires.toolbox))

    async def export(self, name: str, text: str) -> str:
        """Write a file into the state directory's exports, never over another; its path. Raises
        ProductError."""
        return str(await asyncio.to_thread(write_export, self._state_dir / "exports", name, text))

    async def acts(self, limit: int) -> tuple[Act, ...]:
        """What people did, newest first."""
        return await Acts(self._wired.journal).newest(limit)

    async def decisions(self, before: str | None, limit: int) -> tuple[CycleRecord, ...]:
        """Decisions older than the one called `before`, newest first; the newest of all where None."""
        records = self._wired.records
        await records.flush()
        return await records.cycles(before=before, limit=limit)

    async def performance(self) -> Performance:
        """How the account did up to the newest decided bar."""
        records = self._wired.records
        await records.flush()
        return await report.performance(self._wired.journal, records)
