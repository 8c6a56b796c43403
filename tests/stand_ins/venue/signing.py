"""Whether a request is the key's own, and fresh."""

import hashlib
import hmac

from tests.stand_ins.venue import KEY, SECRET
from tests.stand_ins.venue.orders import missing
from tests.stand_ins.venue.rules import Refusal

AHEAD_MS, WINDOW_MS = 1000, 5000


def check(raw: str, query: dict[str, str], key: str, now: int) -> None:
    """`raw` is what was signed, with the signature somewhere in it. Raises Refusal."""
    if not key:
        raise Refusal(-2014, "API-key format invalid.", 401)
    if key != KEY:
        raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)
    for name in ("timestamp", "signature"):
        if not query.get(name):
            raise missing(name)
    signed = "&".join(part for part in raw.split("&") if not part.startswith("signature="))
    wanted = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(query["signature"], wanted):
        raise Refusal(-1022, "Signature for this request is not valid.")
    at = int(query["timestamp"])
    if at > now + AHEAD_MS:
        raise Refusal(-1021, f"Timestamp for this request was {AHEAD_MS}ms ahead of the server's time.")
    if now - at > int(query.get("recvWindow", WINDOW_MS)):
        raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")
