"""The exchange's rate limits: a weight a minute and a count of orders, both told in headers."""

from collections import deque

from tests.stand_ins.venue.clock import VenueClock
from tests.stand_ins.venue.rules import Refusal

MINUTE_MS, SPAN_MS, DAY_MS = 60_000, 10_000, 86_400_000
BAN_AFTER = 10
"""Calls that go on after a refusal until the address is banned."""
BAN_MS = 120_000
WEIGHTS = {
    ("GET", "/api/v3/exchangeInfo"): 20,
    ("GET", "/api/v3/klines"): 2,
    ("GET", "/api/v3/ticker/24hr"): 2,
    ("GET", "/api/v3/ticker/bookTicker"): 2,
    ("GET", "/api/v3/order"): 4,
    ("GET", "/api/v3/allOrders"): 20,
    ("GET", "/api/v3/myTrades"): 20,
    ("GET", "/api/v3/account"): 20,
}


def weight(method: str, path: str, query: dict[str, str]) -> int:
    if (method, path) == ("GET", "/api/v3/openOrders"):
        return 6 if "symbol" in query else 80
    if (method, path) == ("GET", "/api/v3/depth"):
        limit = int(query.get("limit", 100))
        return 5 if limit <= 100 else 25 if limit <= 500 else 50 if limit <= 1000 else 250
    if (method, path) == ("GET", "/api/v3/myTrades") and "orderId" in query:
        return 5
    return WEIGHTS.get((method, path), 1)


class Limits:
    """Counts by the exchange's own clock. `per_minute` is the weight, `orders` the orders in ten seconds."""

    def __init__(self, clock: VenueClock) -> None:
        self._clock = clock
        self.allow(10**9, 10**9)

    def allow(self, per_minute: int, orders: int) -> None:
        """New limits, and nothing counted yet."""
        self._per_minute, self._most_orders = per_minute, orders
        self._minute, self._used, self._ignored, self._banned_until = 0, 0, 0, 0
        self._orders: deque[int] = deque()

    def charge(self, method: str, path: str, query: dict[str, str]) -> None:
        """Raises Refusal with 429, or with 418 where the caller does not stop."""
        now = self._clock.now()
        if now < self._banned_until:
            raise _too_many(f"Way too much request weight used; IP banned until {self._banned_until}.", 418)
        if now // MINUTE_MS != self._minute:
            self._minute, self._used, self._ignored = now // MINUTE_MS, 0, 0
        self._used += weight(method, path, query)
        if self._used > self._per_minute:
            self._ignored += 1
            if self._ignored > BAN_AFTER:
                self._banned_until = now + BAN_MS
            raise _too_many(f"Too much request weight used; current limit is {self._per_minute}.", 429)
        if method == "POST" and path.startswith("/api/v3/order"):
            self._count_order(now)

    def headers(self) -> dict[str, str]:
        """What every answer tells of the limits."""
        recent = sum(1 for at in self._orders if at > self._clock.now() - SPAN_MS)
        counts = {"X-MBX-ORDER-COUNT-10S": f"{recent}", "X-MBX-ORDER-COUNT-1D": f"{len(self._orders)}"}
        return {"X-MBX-USED-WEIGHT-1M": f"{self._used}"} | counts

    def retry_after_s(self) -> int:
        now = self._clock.now()
        until = max(self._banned_until, (now // MINUTE_MS + 1) * MINUTE_MS if self._ignored else now)
        return -((now - until) // 1000) or 1

    def _count_order(self, now: int) -> None:
        while self._orders and self._orders[0] <= now - DAY_MS:
            self._orders.popleft()
        if sum(1 for at in self._orders if at > now - SPAN_MS) >= self._most_orders:
            raise Refusal(-1015, "Too many new orders.", 429)
        self._orders.append(now)


def _too_many(text: str, status: int) -> Refusal:
    return Refusal(-1003, text, status)
