"""How wild a market is against its own past."""

import numpy as np

from cryptofunk_tui.domain.candles import Floats


def volatility_ratio(returns: Floats, window: int, median_bars: tuple[int, int]) -> float | None:
    """Realised volatility over the last `window` bars, √mean(r²), over its own median in the newest
    `median_bars` (least, most) bars. None where there are fewer, or where the market stood still."""
    if returns.size < window + median_bars[0] - 1:
        return None
    sums = np.cumsum(np.concatenate(([0.0], returns**2)))
    realised = np.sqrt(np.maximum(sums[window:] - sums[:-window], 0.0) / window)[-median_bars[1] :]
    median = float(np.median(realised))
    return float(realised[-1]) / median if median > 0 else None


def largest_move(closes: Floats) -> float:
    """Largest distance of the last close from any before it, as a fraction."""
    return float(np.max(np.abs(closes[-1] / closes[:-1] - 1)))
