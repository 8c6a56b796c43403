"""Fills and what follows from them: balances, positions, trades, always in one transaction."""

from datetime import datetime
from decimal import Decimal

from cryptofunk_tui.domain.base import plain
from cryptofunk_tui.domain.orders import TRANSITIONS, Fill, OrderStatus, Side
from cryptofunk_tui.domain.portfolio import Position, Trade
from cryptofunk_tui.storage.booking import (
    Holding,
    Reduction,
    book,
    exact_product,
    exact_sum,
    fee_in_quote,
    merge,
)
from cryptofunk_tui.storage.database import Row
from cryptofunk_tui.storage.errors import NotFound, Refused
from cryptofunk_tui.storage.orders import Orders
from cryptofunk_tui.storage.rows import moment, number, stamp, text, to_fill, to_position, to_trade


class Ledger(Orders):
    """Balance = start + Σ fills − fees for each asset, and position = Σ fills less fees taken in it."""

    async def book_fill(self, fill: Fill, *, status: OrderStatus) -> None:
        """Book one execution and move its order to `status`; a fill booked before changes nothing. A late
        fill of an order in a terminal state is booked, the state stays. Raises Refused for a fill that does
        not fit its order or would open a short position, NotFound without the order."""
        async with self.transaction():
            before = await self.database.row(
                "before_fill", client_order_id=fill.client_order_id, fill_id=fill.fill_id
            )
            if before is None:
                raise NotFound(f"fill {fill.fill_id}: order {fill.client_order_id} is not in the journal")
            if before["known_fill"] is not None:
                await self._check_same(before["account"], fill)
                return
            _check_fits(before, fill)
            booking = book(fill, _holding(before), number(before["held_initial_stop"]))
            await self._write_fill(before, fill)
            await self._write_order(before, fill, status)
            await self._write_balances(before["account"], booking.moved)
            if fill.fee_value is not None:
                await self._write_other_fee(before["account"], fill.fee_value)
            await self._write_holding(before, fill, booking.holding)
            if booking.reduction is not None:
                await self._write_trade(before, fill, booking.reduction)

    async def arm(
        self,
        symbol: str,
        *,
        initial_stop: Decimal | None,
        stop: Decimal | None,
        target: Decimal | None,
        trail: Decimal | None,
        trail_after: Decimal | None,
    ) -> None:
        """Protect a position; stops and target are absolute prices. Raises NotFound where none is held."""
        armed = await self.database.write(
            "arm_position",
            symbol=symbol,
            initial_stop=text(initial_stop),
            stop=text(stop),
            target=text(target),
            trail=text(trail),
            trail_after=text(trail_after),
        )
        if not armed:
            raise NotFound(f"no {symbol} is held; there is nothing to protect")

    async def move_stop(self, symbol: str, stop: Decimal | None, high: Decimal) -> None:
        """Keep how far a trail has come. Raises NotFound where none is held."""
        if not await self.database.write("move_stop", symbol=symbol, stop=text(stop), high=text(high)):
            raise NotFound(f"no {symbol} is held; there is no stop to move")

    async def positions(self) -> tuple[Position, ...]:
        """What is held, by symbol."""
        return tuple(to_position(row) for row in await self.database.rows("positions"))

    async def balances(self) -> dict[str, Decimal]:
        """Amount by asset."""
        return {row["asset"]: Decimal(row["amount"]) for row in await self.database.rows("balances")}

    async def park(self, symbol: str, reason: str, at: datetime) -> None:
        """Give up a position that is too small to be sold: what is left of it stays in the balances, apart
        from what is held. Raises NotFound where none is held."""
        async with self.transaction():
            held = await self.database.row("held", symbol=symbol)
            if held is None:
                raise NotFound(f"no {symbol} is held; there is nothing to park")
            before = await self.database.row("parked_of", account=held["account"], symbol=symbol)
            await self.database.write(
                "put_parked",
                account=held["account"],
                symbol=symbol,
                quantity=_sum(before["quantity"] if before else None, Decimal(held["quantity"])),
                cost=_sum(before["cost"] if before else None, Decimal(held["cost"])),
                reason=reason,
                at=stamp(at),
            )
            await self.database.write("remove_position", account=held["account"], symbol=symbol)

    async def parked(self) -> dict[str, Decimal]:
        """What was too small to be sold, in base currency by symbol."""
        return {row["symbol"]: Decimal(row["quantity"]) for row in await self.database.rows("parked")}

    async def trades(self, strategy: str | None = None, limit: int = 100) -> tuple[Trade, ...]:
        """Closed trades, newest first: one for each order that reduced a position."""
        rows = await self.database.rows("newest_trades", strategy=strategy or "", count=limit)
        return tuple(to_trade(row) for row in rows)

    async def fills(self, limit: int = 100) -> tuple[Fill, ...]:
        """Executions, newest first."""
        return tuple(to_fill(row) for row in await self.database.rows("newest_fills", count=limit))

    async def fill_ids(self, symbol: str) -> set[str]:
        """Names of all executions of a symbol."""
        return {row["fill_id"] for row in await self.database.rows("fill_ids", symbol=symbol)}

    async def fees_since(self, at: datetime) -> Decimal:
        """Fees of fills at or after `at`, in quote currency."""
        rows = await self.database.rows("fees_since", since=stamp(at))
        return exact_sum(
            *(
                fee_in_quote(
                    row["symbol"],
                    Decimal(row["price"]),
                    Decimal(row["fee"]),
                    row["fee_asset"],
                    number(row["fee_value"]),
                )
                for row in rows
            )
        )

    async def last_entry(self, symbol: str) -> datetime | None:
        """When `symbol` was last bought, in market time."""
        return await self._newest_fill(symbol, Side.BUY)

    async def last_exit(self, symbol: str) -> datetime | None:
        """When `symbol` was last sold, in market time."""
        return await self._newest_fill(symbol, Side.SELL)

    async def _newest_fill(self, symbol: str, side: Side) -> datetime | None:
        row = await self.database.row("newest_fill_time", symbol=symbol, side=side.value)
        return moment(row["at"]) if row else None

    async def _check_same(self, account: str, fill: Fill) -> None:
        row = await self.database.row("fill_of", account=account, fill_id=fill.fill_id)
        loose = {"at", "fee_value"}
        if row is None or to_fill(row).model_dump(exclude=loose) != fill.model_dump(exclude=loose):
            raise Refused(f"fill {fill.fill_id} is booked already with other numbers; nothing was changed")

    async def _write_fill(self, before: Row, fill: Fill) -> None:
        await self.database.write(
            "add_fill",
            account=before["account"],
            fill_id=fill.fill_id,
            client_order_id=fill.client_order_id,
            symbol=fill.symbol,
            side=fill.side.value,
            price=text(fill.price),
            quantity=text(fill.quantity),
            fee=text(fill.fee),
            fee_asset=fill.fee_asset,
            fee_value=text(fill.fee_value),
            liquidity=fill.liquidity.value,
            at=stamp(fill.at),
        )

    async def _write_order(self, before: Row, fill: Fill, status: OrderStatus) -> None:
        fee = fee_in_quote(fill.symbol, fill.price, fill.fee, fill.fee_asset, fill.fee_value)
        known = OrderStatus(before["status"])
        await self.database.write(
            "put_order_totals",
            client_order_id=fill.client_order_id,
            status=status.value if status in TRANSITIONS[known] else known.value,
            filled=_sum(before["filled"], fill.quantity),
            value=_sum(before["value"], exact_product(fill.quantity, fill.price)),
            fees=_sum(before["fees"], fee),
            at=stamp(fill.at),
        )

    async def _write_balances(self, account: str, moved: dict[str, Decimal]) -> None:
        for asset, change in moved.items():
            row = await self.database.row("balance_of", account=account, asset=asset)
            amount = _sum(row["amount"] if row else None, change)
            await self.database.write("put_balance", account=account, asset=asset, amount=amount)

    async def _write_other_fee(self, account: str, worth: Decimal) -> None:
        row = await self.database.row("other_fees", account=account)
        assert row is not None
        other_fees = _sum(row["other_fees"], worth)
        await self.database.write("put_other_fees", account=account, other_fees=other_fees)

    async def _write_holding(self, before: Row, fill: Fill, holding: Holding | None) -> None:
        where = {"account": before["account"], "symbol": fill.symbol}
        if holding is None:
            await self.database.write("remove_position", **where)
            return
        held = before["held_quantity"] is not None
        await self.database.write(
            "put_position",
            **where,
            quantity=text(holding.quantity),
            cost=text(holding.cost),
            entry_price=text(holding.entry_price),
            fees=text(holding.fees),
            strategy=before["held_strategy"] if held else before["strategy"],
            opened_at=before["held_opened_at"] if held else stamp(fill.at),
            entry_order=before["held_entry_order"] if held else fill.client_order_id,
            high=text(holding.high),
        )

    async def _write_trade(self, before: Row, fill: Fill, part: Reduction) -> None:
        earlier = _earlier_part(before)
        trade = part if earlier is None else merge(earlier, part)
        await self.database.write(
            "put_trade",
            exit_order=fill.client_order_id,
            entry_order=before["held_entry_order"],
            account=before["account"],
            symbol=fill.symbol,
            strategy=before["held_strategy"],
            quantity=text(trade.quantity),
            entry_price=text(trade.entry_price),
            exit_price=text(trade.exit_price),
            pnl=text(trade.pnl),
            fees=text(trade.fees),
            risk=text(trade.risk),
            opened_at=before["held_opened_at"],
            closed_at=stamp(fill.at),
            exit_purpose=before["purpose"],
        )


def _holding(before: Row) -> Holding | None:
    if before["held_quantity"] is None:
        return None
    names = ("quantity", "cost", "entry_price", "fees", "high")
    return Holding(**{name: Decimal(before[f"held_{name}"]) for name in names})


def _earlier_part(before: Row) -> Reduction | None:
    """What the same order sold before, where it fills in parts."""
    if before["trade_quantity"] is None:
        return None
    names = ("quantity", "entry_price", "exit_price", "pnl", "fees")
    parts = {name: Decimal(before[f"trade_{name}"]) for name in names}
    return Reduction(**parts, risk=number(before["trade_risk"]))


def _check_fits(order: Row, fill: Fill) -> None:
    if (fill.symbol, fill.side.value) != (order["symbol"], order["side"]):
        raise Refused(
            f"fill {fill.fill_id}: {fill.side} {fill.symbol} does not belong to an order to "
            f"{order['side']} {order['symbol']}"
        )
    filled = exact_sum(Decimal(order["filled"]), fill.quantity)
    if filled > Decimal(order["quantity"]):
        raise Refused(f"fill {fill.fill_id}: {filled} filled is more than the {order['quantity']} ordered")


def _sum(stored: str | None, change: Decimal) -> str:
    return plain(exact_sum(Decimal(stored or 0), change))
