"""Value at risk against scipy and against arithmetic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from cryptofunk_tui.quant.value_at_risk import Method, checked_method, historical_var, value_at_risk

METHODS: tuple[Method, ...] = ("historical", "normal", "cornish_fisher")
RETURNS = np.random.default_rng(5).standard_t(6, 2000) * 0.01 - 0.0005


def cornish_fisher_z(z: float, skew: float, excess: float) -> float:
    return float(z + (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * excess / 24 - (2 * z**3 - 5 * z) * skew**2 / 36)


def test_historical_is_the_quantile_and_the_mean_beyond_it() -> None:
    returns = [-0.10, -0.05, -0.02, 0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07]
    found = value_at_risk(returns, 0.9)
    assert found.var == pytest.approx(0.05)
    assert found.cvar == pytest.approx(0.075)
    assert found.observations == 11
    assert historical_var(np.array(returns), 0.9) == found.var


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_normal_agrees_with_scipy(confidence: float) -> None:
    alpha = 1 - confidence
    mean, deviation = RETURNS.mean(), RETURNS.std(ddof=1)
    found = value_at_risk(RETURNS, confidence, "normal")
    assert found.var == pytest.approx(-stats.norm.ppf(alpha, mean, deviation))
    tail, _ = integrate.quad(lambda u: stats.norm.ppf(u, mean, deviation), 0, alpha)
    assert found.cvar == pytest.approx(-tail / alpha, rel=1e-6)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_cornish_fisher_agrees_with_scipy_and_its_own_tail(confidence: float) -> None:
    alpha = 1 - confidence
    mean, deviation = RETURNS.mean(), RETURNS.std(ddof=1)
    skew, excess = stats.skew(RETURNS), stats.kurtosis(RETURNS)

    def quantile(u: float) -> float:
        return float(mean + deviation * cornish_fisher_z(stats.norm.ppf(u), skew, excess))

    found = value_at_risk(RETURNS, confidence, "cornish_fisher")
    assert found.var == pytest.approx(-quantile(alpha))
    tail, _ = integrate.quad(quantile, 0, alpha)
    assert found.cvar == pytest.approx(-tail / alpha, rel=1e-6)
    assert found.reliable


def test_outside_its_region_cornish_fisher_says_so() -> None:
    wild = [0.0] * 400 + [0.001, -0.001] * 40 + [-0.9]
    found = value_at_risk(wild, 0.95, "cornish_fisher")
    assert not found.reliable
    assert found.cvar >= found.var


@given(
    st.lists(st.floats(-0.9, 0.9), min_size=2, max_size=200),
    st.sampled_from(METHODS),
    st.floats(0.6, 0.99),
)
def test_the_tail_is_never_better_than_its_edge(
    returns: list[float], method: Method, confidence: float
) -> None:
    found = value_at_risk(returns, confidence, method)
    assert np.isfinite([found.var, found.cvar]).all()
    assert found.cvar >= found.var


@given(
    st.lists(st.floats(-0.9, 0.9), min_size=2, max_size=200),
    st.sampled_from(("historical", "normal")),
    st.floats(0.6, 0.9),
)
def test_more_confidence_never_lowers_it(returns: list[float], method: Method, confidence: float) -> None:
    lower, higher = (value_at_risk(returns, level, method).var for level in (confidence, 0.95))
    assert higher >= lower - 1e-12


@pytest.mark.parametrize(
    ("method", "loss"), [("historical", 0.02), ("normal", 0.02), ("cornish_fisher", 0.02)]
)
def test_a_certain_loss_is_the_figure(method: Method, loss: float) -> None:
    found = value_at_risk([-loss] * 30, 0.95, method)
    assert found.var == pytest.approx(loss)
    assert found.cvar == pytest.approx(loss)


@pytest.mark.parametrize(
    ("returns", "confidence", "method", "named"),
    [
        ([0.1], 0.95, "historical", "returns has 1 values"),
        ([0.1, float("nan")], 0.95, "normal", "returns row 1"),
        ([0.1, -1.5], 0.95, "normal", "returns row 1"),
        ([0.1, 0.2], 0.5, "normal", "confidence_level"),
        ([0.1, 0.2], 1.0, "normal", "confidence_level"),
        ([[0.1], [0.2]], 0.95, "normal", "returns must be one flat list"),
        (["a", "b"], 0.95, "normal", "returns must hold numbers"),
    ],
)
def test_bad_input_is_named(returns: list[float], confidence: float, method: Method, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        value_at_risk(returns, confidence, method)


def test_an_unknown_method_is_refused_with_the_known_ones() -> None:
    assert checked_method("normal") == "normal"
    with pytest.raises(ValueError, match="historical, normal, cornish_fisher, not 'guess'"):
        checked_method("guess")
