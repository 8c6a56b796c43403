"""Screens and app that outlive a fault in one of their own handlers: the kill switch hangs on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from textual.message import Message

    from cryptofunk_tui.tui.app import CryptoFunkApp


class Steady(MessagePump):
    """Textual ends what handles messages once a handler raises. Here the fault is told of, and the next
    message is handled; before the part stands there is nothing to go on with, and it is left to Textual."""

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not self._is_mounted:
                raise
            cast("CryptoFunkApp", self.app).tell_fault(self, error)
