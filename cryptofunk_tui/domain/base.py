"""The base of every record that crosses a process, a file or a screen."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Protocol

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def plain(value: Decimal) -> str:
    """Decimal as a plain string: no exponent, no trailing zeros, so `1E+2` reads `100`; zero has no sign."""
    text = format(value, "f") if value else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("must be a finite number")
    return value


Money = Annotated[Decimal, AfterValidator(finite), PlainSerializer(plain, return_type=str, when_used="json")]
"""An amount, price or quantity: Decimal in code, a plain string on the wire."""

Utc = AwareDatetime
"""A timezone-aware moment; everything here is UTC and prints with a Z."""


class Record(BaseModel):
    """An immutable fact. Unknown fields are refused, so a typo never passes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Clock(Protocol):
    """Where time comes from; injected, so that a replay sees the time that it replays."""

    def now(self) -> datetime: ...


class WallClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def from_ms(timestamp_ms: int) -> datetime:
    """Milliseconds since 1970 as an aware UTC moment."""
    return datetime.fromtimestamp(timestamp_ms // 1000, UTC).replace(microsecond=timestamp_ms % 1000 * 1000)


def to_ms(moment: datetime) -> int:
    """An aware moment as whole milliseconds since 1970."""
    return (moment - _EPOCH) // _MILLISECOND
