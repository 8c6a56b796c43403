"""What is read from a venue's words, row by row, without a venue."""

from typing import Any

import pytest

from cryptofunk_tui.domain.orders import OrderStatus
from cryptofunk_tui.execution.ccxt_outcome import is_absent, outcome
from cryptofunk_tui.execution.ccxt_permissions import NOTHING_KNOWN, permissions
from cryptofunk_tui.execution.ccxt_reading import Unreadable, fill, listed, report
from cryptofunk_tui.execution.venue import Permissions
from cryptofunk_tui.market.venue_clients import Credentials, ccxt_errors, venue_client
from servers.live_venue import refused

pytestmark = pytest.mark.anyio
UNKNOWN, REJECTED = OrderStatus.UNKNOWN, OrderStatus.REJECTED
ROWS = [
    ("RequestTimeout", UNKNOWN),
    ("ExchangeNotAvailable", UNKNOWN),
    ("OnMaintenance", UNKNOWN),
    ("NetworkError", UNKNOWN),
    ("RateLimitExceeded", UNKNOWN),
    ("OperationFailed", UNKNOWN),
    ("BadResponse", UNKNOWN),
    ("NullResponse", UNKNOWN),
    ("CancelPending", UNKNOWN),
    ("ExchangeError", UNKNOWN),
    ("DuplicateOrderId", UNKNOWN),
    ("DDoSProtection", REJECTED),
    ("InvalidNonce", REJECTED),
    ("InsufficientFunds", REJECTED),
    ("InvalidOrder", REJECTED),
    ("OrderImmediatelyFillable", REJECTED),
    ("BadRequest", REJECTED),
    ("BadSymbol", REJECTED),
    ("AuthenticationError", REJECTED),
    ("PermissionDenied", REJECTED),
    ("MarketClosed", REJECTED),
    ("ArgumentsRequired", REJECTED),
]


@pytest.fixture(autouse=True)
async def loaded() -> None:
    await venue_client("binance", None, Credentials("k", "s")).close()


@pytest.mark.parametrize(("name", "status"), ROWS)
async def test_each_error_says_whether_an_order_may_be_there(name: str, status: OrderStatus) -> None:
    error = getattr(ccxt_errors(), name)("binance https://api.binance.com/order?signature=abc&x=1")
    told, reason = outcome(error)
    assert told is status
    assert "http" not in reason
    assert "abc" not in reason


async def test_what_nobody_foresaw_is_unclear() -> None:
    for error in (TypeError("x"), KeyError("id"), ConnectionResetError(), ValueError()):
        assert outcome(error)[0] is UNKNOWN
    text = 'binance {"code":-2010,"msg":"Duplicate order sent."}'
    assert outcome(ccxt_errors().InvalidOrder(text))[0] is UNKNOWN
    assert is_absent(ccxt_errors().OrderNotFound("x"))
    assert not is_absent(ccxt_errors().InvalidOrder("x"))


async def test_the_venues_own_words_are_kept_harmless() -> None:
    hostile = 'binance {"code":-1,"msg":"\\u001b[31m[red]x\\nsignature=deadbeef0123\\u202e"}'
    _, reason = outcome(ccxt_errors().BadRequest(hostile))
    assert reason == "BadRequest: [red]x signature=***"


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"id": "1"},
        {"id": "1", "status": "odd"},
        {"status": "open"},
        {"id": "1", "status": "open", "filled": "NaN"},
        {"id": "1", "status": "open", "filled": "-1"},
        {"id": "1", "status": "open", "filled": "x"},
    ],
)
async def test_an_order_that_says_too_little_is_unreadable(order: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        report(order)


async def test_executions_and_listings_without_sense_are_unreadable() -> None:
    whole = {"id": "1", "timestamp": 1, "side": "buy", "price": "1", "amount": "2", "fees": []}
    assert fill(whole, "BTC/USDT", "c").fee == 0
    for broken in (
        {"id": None},
        {"timestamp": None},
        {"side": "both"},
        {"price": "Infinity"},
        {"amount": None},
    ):
        with pytest.raises(Unreadable):
            fill(whole | broken, "BTC/USDT", "c")
    two = [{"currency": "BNB", "cost": "1"}, {"currency": "USDT", "cost": "1"}]
    with pytest.raises(Unreadable, match="two currencies"):
        fill(whole | {"fees": two}, "BTC/USDT", "c")
    with pytest.raises(Unreadable):
        listed({"id": "1", "symbol": "BTC/USDT", "side": "buy", "amount": "-3"})


class Told:
    """A client whose one question about rights is answered so."""

    def __init__(self, venue: str, method: str, answer: Any) -> None:
        self.id = venue

        async def ask() -> Any:
            return answer

        setattr(self, method, ask)


@pytest.mark.parametrize(
    ("client", "may"),
    [
        (
            Told("okx", "privateGetAccountConfig", {"data": [{"perm": "read_only,trade", "ip": "1.2.3.4"}]}),
            Permissions(trade=True, withdraw=False, ip_bound=True),
        ),
        (
            Told(
                "okx", "privateGetAccountConfig", {"data": [{"perm": "read_only,withdraw,trade", "ip": ""}]}
            ),
            Permissions(trade=True, withdraw=True, ip_bound=False),
        ),
        (
            Told(
                "bybit",
                "privateGetV5UserQueryApi",
                {
                    "result": {
                        "readOnly": 0,
                        "ips": ["*"],
                        "permissions": {"Spot": ["SpotTrade"], "Wallet": []},
                    }
                },
            ),
            Permissions(trade=True, withdraw=False, ip_bound=False),
        ),
        (
            Told(
                "bybit",
                "privateGetV5UserQueryApi",
                {"result": {"readOnly": 1, "ips": ["1.1.1.1"], "permissions": {"Wallet": ["Withdraw"]}}},
            ),
            Permissions(trade=False, withdraw=True, ip_bound=True),
        ),
        (
            Told(
                "coinbase",
                "v3PrivateGetBrokerageKeyPermissions",
                {"can_trade": True, "can_transfer": False},
            ),
            Permissions(trade=True, withdraw=False, ip_bound=None),
        ),
        (
            Told("binance", "sapiGetAccountApiRestrictions", {"enableSpotAndMarginTrading": True}),
            Permissions(trade=True, withdraw=None, ip_bound=None),
        ),
        (Told("kraken", "nothing", {}), NOTHING_KNOWN),
    ],
)
async def test_what_a_key_may_do_by_venue(client: Told, may: Permissions) -> None:
    assert await permissions(client) == may
    assert (refused("v", may) is None) is (may.trade is True and may.withdraw is False)
