"""What the account owns, what its open orders hold, and what an execution costs. Exact."""

from decimal import Decimal

from tests.stand_ins.venue.rules import PAIRS, Pair

FEE = Decimal("0.001")
CENT = Decimal("1e-8")
NOTHING = Decimal(0)


class Account:
    """`fee_asset`: quote, base (what a buy gets; a sale still pays in quote), or BNB while it lasts."""

    def __init__(self, balances: dict[str, str], fee_asset: str) -> None:
        self.owned = {asset: Decimal(amount) for asset, amount in ({"USDT": "100000"} | balances).items()}
        self.start = dict(self.owned)
        self._fee_asset = fee_asset
        self._held: dict[int, tuple[str, Decimal]] = {}
        self._locked: dict[str, Decimal] = {}

    def locked(self, asset: str) -> Decimal:
        return self._locked.get(asset, NOTHING)

    def free(self, asset: str) -> Decimal:
        return self.owned.get(asset, NOTHING) - self.locked(asset)

    def hold(self, number: int, asset: str, amount: Decimal) -> None:
        """What order `number` holds from now on, in place of what it held."""
        self.let_go(number)
        self._held[number] = (asset, amount)
        self._locked[asset] = self.locked(asset) + amount

    def let_go(self, number: int) -> None:
        if number in self._held:
            asset, amount = self._held.pop(number)
            self._locked[asset] = self.locked(asset) - amount

    def trade(self, pair: Pair, side: str, price: Decimal, quantity: Decimal) -> tuple[Decimal, str]:
        """Exchange the amounts and charge the fee, which is given back with its asset."""
        worth = price * quantity
        fee, asset = self._fee(pair, side, worth, quantity)
        sign = 1 if side == "BUY" else -1
        for name, change in ((pair.base, sign * quantity), (pair.quote, -sign * worth), (asset, -fee)):
            self.owned[name] = self.owned.get(name, NOTHING) + change
        return fee, asset

    def _fee(self, pair: Pair, side: str, worth: Decimal, quantity: Decimal) -> tuple[Decimal, str]:
        in_bnb = (worth * FEE / PAIRS["BNBUSDT"].price).quantize(CENT)
        if self._fee_asset == "BNB" and self.free("BNB") >= in_bnb:
            return in_bnb, "BNB"
        if self._fee_asset == "base" and side == "BUY":
            return quantity * FEE, pair.base
        return worth * FEE, pair.quote
