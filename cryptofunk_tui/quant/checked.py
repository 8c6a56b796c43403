"""Plain number lists from outside, checked once: finite, long enough, named in the error."""

from collections.abc import Sequence

import numpy as np

from cryptofunk_tui.domain.candles import Floats


def checked_series(name: str, values: Sequence[float] | Floats, *, least: int) -> Floats:
    """`values` as float64. Raises ValueError that names the argument and the first bad row."""
    try:
        given = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be one flat list of numbers") from None
    if given.ndim != 1:
        raise ValueError(f"{name} must be one flat list of numbers")
    if given.dtype.kind not in "iuf":
        raise ValueError(f"{name} must hold numbers only")
    series = given.astype(np.float64)
    if series.size < least:
        raise ValueError(f"{name} has {series.size} values; at least {least} are needed")
    bad = ~np.isfinite(series)
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(f"{name} row {row}: {series[row]} is not a finite number; leave such rows out")
    return series
