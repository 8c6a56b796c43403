"""The council with models: real engine and gateway, litellm over real HTTP to a stand-in of the providers."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.runs import Run, environment, headless, rise_and_fall, write_candles
from tests.stand_ins.models.process import KEYS, ModelsStandIn, models_started

CYCLES = "16"


@pytest.fixture(scope="module")
def candles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_candles(tmp_path_factory.mktemp("candles") / "X_TEST-USDT_1h.csv", rise_and_fall())


@pytest.fixture(scope="module")
def stand_in() -> Iterator[ModelsStandIn]:
    with models_started() as started:
        yield started


def run(
    home: Path, candles: Path, stand_in: ModelsStandIn, monkeypatch: pytest.MonkeyPatch, **models: Any
) -> Run:
    """A run over candles that make the trend follower buy, with all three providers at the stand-in."""
    monkeypatch.setattr("tests.end_to_end.runs.environment", lambda folder: {**environment(folder), **KEYS})
    config = home / "mine.yaml"
    config.write_text(
        yaml.safe_dump({"models": {"ask": "always", "providers": stand_in.providers(), **models}})
    )
    stand_in.forget()
    words = ("--market", "recorded", "--candles", str(candles), "--cycles", CYCLES, "--config", str(config))
    return headless(home, *words)


def buys(ran: Run) -> list[dict[str, Any]]:
    return [order for order in ran.orders() if order["side"] == "BUY"]


def calls(ran: Run) -> list[dict[str, Any]]:
    return [call for record in ran.records for call in record["llm"]]


def test_what_models_say_is_what_the_council_does(
    tmp_path: Path, candles: Path, stand_in: ModelsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.behave()
    ran = run(tmp_path, candles, stand_in, monkeypatch)
    assert len(buys(ran)) == 1
    entry = next(record for record in ran.records if record["tally"]["action"] == "BUY")
    assert {call["agent"] for call in entry["llm"]} == {"technical", "trend_following", "risk"}
    assert all(call["provider"] == "anthropic/claude-sonnet-5-5" for call in entry["llm"])
    assert all(call["outcome"] == "answered" and call["cost_usd"] > 0 for call in entry["llm"])
    ballot = next(each for each in entry["ballots"] if each["agent"] == "trend_following")
    assert ballot["reasons"][0] == "anthropic/claude-sonnet-5-5: the numbers agree"
    assert {each["provider"] for each in stand_in.seen()} == {"anthropic"}
    with sqlite3.connect(ran.state / "models.sqlite3") as kept:
        prompts = kept.execute("select system, brief, reply from calls where agent = 'risk'").fetchall()
    assert prompts and all(json.loads(brief)["plan"] and json.loads(reply) for _, brief, reply in prompts)
    for path in ran.state.rglob("*"):
        if path.is_file():
            assert not any(key.encode() in path.read_bytes() for key in KEYS.values()), path


def test_a_model_turns_a_setup_down(
    tmp_path: Path, candles: Path, stand_in: ModelsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.behave(action="HOLD")
    assert not buys(run(tmp_path, candles, stand_in, monkeypatch))


def test_one_that_may_only_advise_changes_nothing(
    tmp_path: Path, candles: Path, stand_in: ModelsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.behave(action="HOLD")
    advised = run(tmp_path, candles, stand_in, monkeypatch, authority="advise")
    alone = headless(
        tmp_path, "--market", "recorded", "--candles", str(candles), "--cycles", CYCLES, name="alone"
    )
    assert len(buys(advised)) == len(buys(alone)) == 1
    assert not calls(alone)
    for with_models, without in zip(advised.records, alone.records, strict=True):
        for name in ("tally", "verdict", "context"):
            assert with_models[name] == without[name]


def test_the_risk_officers_model_may_veto_and_says_why(
    tmp_path: Path, candles: Path, stand_in: ModelsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.behave()
    stand_in.behave(agent="risk", action="SELL")
    ran = run(tmp_path, candles, stand_in, monkeypatch)
    stand_in.behave(agent="risk")
    assert not buys(ran)
    vetoed = [record["verdict"] for record in ran.records if "vetoed by" in record["verdict"]["reason"]]
    assert vetoed and vetoed[0]["decision"] == "REJECTED"
    assert "anthropic/claude-sonnet-5-5: the numbers agree" in vetoed[0]["reason"]


def test_dead_providers_make_agents_abstain_then_rules_decide_alone(
    tmp_path: Path, candles: Path, stand_in: ModelsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.behave(fault="401")
    ran = run(tmp_path, candles, stand_in, monkeypatch)
    first = ran.records[0]
    spoke = next(each for each in first["signals"] if each["agent"] == "technical")
    assert spoke["action"] == "ABSTAIN" and "no model answered" in spoke["reasons"][0]
    assert "the request or its key is not taken" in spoke["reasons"][0]
    assert len(stand_in.seen()) == 3, "a refused key is not tried again"
    assert not ran.records[-1]["llm"]
    assert "three failures in a row, rules only" in ran.text
    assert len(buys(ran)) == 1


def test_failover_is_in_the_record(
    tmp_path: Path, candles: Path, stand_in: ModelsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.behave()
    stand_in.behave("anthropic", fault="503")
    stand_in.behave("openai", text="We would not Buy here.")
    ran = run(tmp_path, candles, stand_in, monkeypatch)
    first = calls(ran)[0]
    assert first["provider"] == "gemini/gemini-3.8-flash"
    assert [each["provider"].partition("/")[0] for each in first["tried"]] == [
        "anthropic",
        "openai",
        "gemini",
    ]
    assert "not one JSON object" in first["tried"][1]["outcome"]


def test_a_debate_is_heard_by_those_who_vote(
    tmp_path: Path, candles: Path, stand_in: ModelsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.behave()
    ran = run(tmp_path, candles, stand_in, monkeypatch, debate_rounds=1)
    assert "at most 9 questions a symbol and decision" in ran.text
    briefs = [json.loads(text) for each in stand_in.seen() for text in each["texts"] if text[0] == "{"]
    bear = next(brief for brief in briefs if brief["agent"] == "bear")
    assert [each["speaker"] for each in bear["said"]] == ["bull"]
    trend = next(brief for brief in briefs if brief["agent"] == "trend_following")
    assert [each["speaker"] for each in trend["debate"]] == ["bull", "bear"]


def test_without_a_key_rules_decide_and_it_is_said(
    tmp_path: Path, candles: Path, stand_in: ModelsStandIn
) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text(yaml.safe_dump({"models": {"ask": "always"}}))
    words = ("--market", "recorded", "--candles", str(candles), "--cycles", CYCLES)
    ran = headless(tmp_path, *words, "--config", str(config))
    assert (
        "rules decide alone: no key; set one of ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY" in ran.text
    )
    assert not (ran.state / "models.sqlite3").exists()
    assert not calls(ran)


def test_a_script_stands_for_a_model_and_says_so(tmp_path: Path, candles: Path) -> None:
    script, config = tmp_path / "script.yaml", tmp_path / "mine.yaml"
    script.write_text(yaml.safe_dump([{"action": "HOLD", "confidence": 0.9, "reasons": ["as written"]}]))
    provider = {"shape": "scripted", "script": str(script)}
    config.write_text(yaml.safe_dump({"models": {"ask": "always", "providers": [provider]}}))
    words = ("--market", "recorded", "--candles", str(candles), "--cycles", CYCLES)
    ran = headless(tmp_path, *words, "--config", str(config))
    assert not buys(ran)
    assert all(call["scripted"] for call in calls(ran))
    assert ran.records[0]["signals"][0]["reasons"] == ["scripted answer, no model: as written"]
