"""What is traded, on which steps, and what the exchange's filters refuse."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

TYPES = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"]
LIMIT_TYPES = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
STOP_TYPES = ("STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")


class Refusal(Exception):
    """An error as the exchange answers it."""

    def __init__(self, code: int, text: str, status: int = 400, more: dict[str, Any] | None = None) -> None:
        super().__init__(text)
        self.code, self.text, self.status, self.more = code, text, status, more or {}


@dataclass(frozen=True)
class Pair:
    """A market, with the steps of its prices (`tick`) and amounts (`lot`) and the least worth of an order."""

    base: str
    price: Decimal
    tick: Decimal
    lot: Decimal
    most: Decimal = Decimal(9000)
    most_at_market: Decimal = Decimal(1000)
    least_worth: Decimal = Decimal(5)
    highest: Decimal = Decimal(100_000_000)
    quote: str = "USDT"

    @property
    def symbol(self) -> str:
        return self.base + self.quote

    def check(self, kind: str, quantity: Decimal, price: Decimal, stop: Decimal, last: Decimal) -> None:
        """Raises Refusal with the filter that an order fails."""
        asked = [each for each in (price, stop) if each]
        if any(each % self.tick or each < self.tick or each > self.highest for each in asked):
            raise Refusal(-1013, "Filter failure: PRICE_FILTER")
        if not self.lot <= quantity <= self.most or quantity % self.lot:
            raise Refusal(-1013, "Filter failure: LOT_SIZE")
        if kind == "MARKET" and quantity > self.most_at_market:
            raise Refusal(-1013, "Filter failure: MARKET_LOT_SIZE")
        if quantity * (price or stop or last) < self.least_worth:
            raise Refusal(-1013, "Filter failure: NOTIONAL")

    def told(self) -> dict[str, Any]:
        """The market's row in exchangeInfo."""
        return {
            "symbol": self.symbol,
            "status": "TRADING",
            "baseAsset": self.base,
            "baseAssetPrecision": 8,
            "quoteAsset": self.quote,
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "orderTypes": TYPES,
            "icebergAllowed": False,
            "ocoAllowed": False,
            "quoteOrderQtyMarketAllowed": True,
            "cancelReplaceAllowed": True,
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": False,
            "filters": self._filters(),
            "permissions": [],
            "permissionSets": [["SPOT"]],
        }

    def _filters(self) -> list[dict[str, Any]]:
        step = f"{self.lot:.8f}"
        prices = {"minPrice": f"{self.tick:.8f}", "maxPrice": f"{self.highest:.8f}"}
        at_market = {"minQty": "0.00000000", "maxQty": f"{self.most_at_market:.8f}", "stepSize": "0.00000000"}
        return [
            {"filterType": "PRICE_FILTER", "tickSize": f"{self.tick:.8f}"} | prices,
            {"filterType": "LOT_SIZE", "minQty": step, "maxQty": f"{self.most:.8f}", "stepSize": step},
            {"filterType": "MARKET_LOT_SIZE"} | at_market,
            {
                "filterType": "NOTIONAL",
                "minNotional": f"{self.least_worth:.8f}",
                "applyMinToMarket": True,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ]


PAIRS = {
    each.symbol: each
    for each in (
        Pair("BTC", Decimal(60000), Decimal("0.01"), Decimal("0.00001")),
        Pair("ETH", Decimal(3000), Decimal("0.01"), Decimal("0.0001")),
        Pair(
            "XRP", Decimal("0.5"), Decimal("0.0001"), Decimal("0.1"), Decimal(9_222_449), Decimal(1_000_000)
        ),
        Pair("BNB", Decimal(500), Decimal("0.01"), Decimal("0.001")),
    )
}


def pair(symbol: str) -> Pair:
    """Raises Refusal for a symbol that is not traded here."""
    if symbol not in PAIRS:
        raise Refusal(-1121, "Invalid symbol.")
    return PAIRS[symbol]
