"""The catalog: every allowed parameter is accepted by TA-Lib, everything else is refused in words."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.quant.catalog import CATALOG, MAX_PERIOD, Memory, indicator
from cryptofunk_tui.quant.indicators import IndicatorSpec, compute_columns


def test_every_bound_of_every_parameter_is_accepted() -> None:
    prices = np.linspace(100, 110, 6 * MAX_PERIOD) + np.sin(np.arange(6 * MAX_PERIOD))
    columns = dict.fromkeys(("open", "high", "low", "close", "volume"), prices)
    for name, entry in CATALOG.items():
        for parameter in entry.parameters:
            for bound in (parameter.minimum, parameter.maximum):
                given = {parameter.name: bound}
                if parameter.name == "fast_period":
                    given["slow_period"] = MAX_PERIOD
                    given["fast_period"] = min(bound, MAX_PERIOD - 1)
                if parameter.name == "slow_period":
                    given["fast_period"] = 2
                    given["slow_period"] = max(bound, 3)
                spec = IndicatorSpec.of(name, given)
                first = next(iter(compute_columns(columns, [spec]).values()))
                assert len(first) == len(prices), spec.key


@pytest.mark.parametrize(
    ("name", "parameters", "reason"),
    [
        ("rsy", {}, "unknown indicator 'rsy'; did you mean 'rsi'?"),
        ("nothing like it", {}, "list_indicators names them all"),
        ("rsi", {"length": 14}, "rsi has no parameter 'length'; it takes period"),
        ("obv", {"period": 14}, "obv has no parameter 'period'; it takes none"),
        ("rsi", {"period": 1}, "rsi: period must be a whole number from 2 to 1000, not 1"),
        ("rsi", {"period": 14.5}, "not 14.5"),
        ("rsi", {"period": "14"}, "not str"),
        ("rsi", {"period": True}, "not bool"),
        ("rsi", {"period": None}, "not NoneType"),
        ("bollinger", {"std_dev": 0}, "bollinger: std_dev must be a number from 0.1 to 10, not 0"),
        ("macd", {"fast_period": 26, "slow_period": 12}, "fast_period 26 must be below slow_period 12"),
        ("macd", {"fast_period": 26}, "fast_period 26 must be below slow_period 26"),
    ],
)
def test_a_bad_request_is_refused_in_words(name: str, parameters: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        IndicatorSpec.of(name, parameters)
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)


@given(st.one_of(st.floats(), st.integers(), st.text(), st.none(), st.lists(st.integers(), max_size=2)))
def test_a_period_is_accepted_exactly_within_its_range(value: Any) -> None:
    good = (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and 2 <= value <= MAX_PERIOD
        and value == int(value)
    )
    if good:
        assert dict(IndicatorSpec.of("ema", {"period": value}).parameters) == {"period": int(value)}
    else:
        with pytest.raises(ValueError, match="ema: period must be"):
            IndicatorSpec.of("ema", {"period": value})


@given(st.floats(0.1, 10), st.floats(0.1, 10))
def test_different_parameters_never_share_a_key(one: float, other: float) -> None:
    keys = [IndicatorSpec.of("bollinger", {"std_dev": value}).key for value in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)


def test_warm_up_is_the_window_or_at_least_500_bars() -> None:
    for name, entry in CATALOG.items():
        spec = IndicatorSpec(name)
        if entry.memory in (Memory.WINDOW, Memory.CUMULATIVE):
            assert spec.warm_up == spec.lookback + 1, name
        else:
            assert spec.warm_up >= 500, name
    assert IndicatorSpec.of("ema", {"period": 200}).warm_up <= 720


def test_an_entry_describes_itself() -> None:
    entry = indicator("bollinger")
    assert entry.title == "Bollinger Bands"
    assert entry.inputs == ("close",)
    assert [parameter.name for parameter in entry.parameters] == ["period", "std_dev"]
    assert entry.arguments((("period", 20), ("std_dev", 2.0))) == {
        "timeperiod": 20,
        "nbdevup": 2.0,
        "nbdevdn": 2.0,
        "matype": 0,
    }
