"""Every question to a model, with its raw answer and its cost; owned by the gateway alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from cryptofunk_tui.storage.database import Database
from cryptofunk_tui.storage.rows import stamp

MODELS_FILE = "models.sqlite3"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_NANO = Decimal(10**9)


@dataclass(frozen=True, slots=True)
class Spent:
    """US dollars that a decision, an agent today, and all within an hour and a day have cost."""

    cycle: Decimal
    agent_day: Decimal
    hour: Decimal
    day: Decimal


@dataclass(frozen=True, slots=True)
class Usage:
    """What one agent asked of one provider."""

    agent: str
    provider: str
    calls: int
    answered: int
    tokens_in: int
    tokens_out: int
    cost_usd: Decimal


class ModelCalls:
    """The calls of a state directory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    async def open(cls, state_dir: Path) -> "ModelCalls":
        """Raises StorageError."""
        return cls(await Database.open(state_dir / MODELS_FILE, "models", full_sync=False))

    async def close(self) -> None:
        await self._database.close()

    async def begin(self, at: datetime, worst_usd: Decimal, values: Mapping[str, str | None]) -> int:
        """A call that is about to be made, at its worst cost; its number."""
        row = await self._database.row("add_call", at=stamp(at), cost_nusd=_nano(worst_usd), **values)
        assert row is not None
        return int(row["call"])

    async def end(
        self,
        call: int,
        *,
        reply: str | None,
        outcome: str,
        answered: bool,
        tokens: tuple[int, int],
        cost_usd: Decimal,
        took_ms: float,
    ) -> None:
        """What became of it, at its real cost."""
        await self._database.write(
            "end_call",
            call=call,
            reply=reply,
            outcome=outcome,
            answered=int(answered),
            tokens_in=tokens[0],
            tokens_out=tokens[1],
            cost_nusd=_nano(cost_usd),
            took_ms=took_ms,
        )

    async def answer_to(self, digest: str, since: datetime) -> tuple[int, str, str] | None:
        """Number, provider and raw text of the newest good answer to exactly this question."""
        row = await self._database.row("answer_to", digest=digest, since=stamp(since))
        return None if row is None else (row["call"], row["provider"], row["reply"])

    async def spent(self, cycle: str, agent: str, now: datetime) -> Spent:
        """What budgets are held against; calls under way count at their worst."""
        row = await self._database.row(
            "spent", cycle=cycle, agent=agent, hour=stamp(now - HOUR), day=stamp(now - DAY)
        )
        assert row is not None
        return Spent(**{name: Decimal(row[name]) / _NANO for name in ("cycle", "agent_day", "hour", "day")})

    async def usage(self, since: datetime) -> tuple[Usage, ...]:
        """By agent and provider, the dearest first."""
        rows = await self._database.rows("usage", since=stamp(since))
        return tuple(
            Usage(
                **{name: row[name] for name in ("agent", "provider", "calls", "answered")},
                tokens_in=row["tokens_in"],
                tokens_out=row["tokens_out"],
                cost_usd=Decimal(row["cost_nusd"]) / _NANO,
            )
            for row in rows
        )


def _nano(dollars: Decimal) -> int:
    return int((dollars * _NANO).to_integral_value())
