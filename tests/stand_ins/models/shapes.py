"""The three protocols: where a prompt stands in a request, and what an answer looks like."""

import json
from typing import Any

Json = dict[str, Any]
PROVIDERS = ("anthropic", "openai", "gemini")
TOKENS = (120, 40)
"""In and out, of every answer."""


def provider_of(path: str) -> str | None:
    """Who is asked at an address."""
    if path.endswith("/v1/messages"):
        return "anthropic"
    if path.endswith("/chat/completions"):
        return "openai"
    return "gemini" if path.endswith(":generateContent") else None


def briefs(provider: str, body: Json) -> list[str]:
    """The texts of the user in a request, oldest first."""
    if provider == "gemini":
        return [part["text"] for turn in body["contents"] if turn["role"] == "user" for part in turn["parts"]]
    texts = []
    for message in body["messages"]:
        if message["role"] == "user":
            content = message["content"]
            texts += [content] if isinstance(content, str) else [part["text"] for part in content]
    return texts


def key_of(provider: str, headers: Any, query: Any) -> str:
    """The key that came with a request."""
    if provider == "anthropic":
        return str(headers.get("x-api-key", ""))
    if provider == "openai":
        return str(headers.get("authorization", "")).removeprefix("Bearer ")
    return str(headers.get("x-goog-api-key") or query.get("key", ""))


def answer(provider: str, text: str, model: str) -> Json:
    """A text as the provider wraps it."""
    if provider == "anthropic":
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": TOKENS[0], "output_tokens": TOKENS[1]},
        }
    if provider == "openai":
        message = {"role": "assistant", "content": text, "refusal": None}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_790_000_000,
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": TOKENS[0],
                "completion_tokens": TOKENS[1],
                "total_tokens": sum(TOKENS),
            },
        }
    return {
        "candidates": [
            {"content": {"parts": [{"text": text}], "role": "model"}, "finishReason": "STOP", "index": 0}
        ],
        "usageMetadata": {
            "promptTokenCount": TOKENS[0],
            "candidatesTokenCount": TOKENS[1],
            "totalTokenCount": sum(TOKENS),
        },
        "modelVersion": model,
    }


def refusal(provider: str, model: str) -> Json:
    """A model that will not answer, as each provider tells it."""
    whole = answer(provider, "", model)
    if provider == "anthropic":
        whole |= {"content": [], "stop_reason": "refusal"}
    elif provider == "openai":
        whole["choices"][0]["message"] |= {"content": None, "refusal": "I cannot help with that."}
    else:
        whole["candidates"] = [{"finishReason": "SAFETY", "index": 0, "safetyRatings": []}]
    return whole


def failure(provider: str, status: int) -> Json:
    """The body of an error."""
    words = {401: "invalid key", 429: "too many requests"}.get(status, "the provider failed")
    if provider == "anthropic":
        kind = {401: "authentication_error", 429: "rate_limit_error", 529: "overloaded_error"}
        return {"type": "error", "error": {"type": kind.get(status, "api_error"), "message": words}}
    if provider == "openai":
        return {"error": {"message": words, "type": "error", "param": None, "code": None}}
    return {"error": {"code": status, "message": words, "status": "UNAVAILABLE"}}


def sensible(brief: str, action: str | None = None) -> str:
    """A good answer to a brief: its rule's opinion, or the action that is wanted where it is allowed."""
    asked = json.loads(brief)
    allowed = asked["allowed_actions"]
    rule = asked.get("rule", {})
    wanted = action or rule.get("action", "HOLD")
    said = {
        "symbol": asked["symbol"],
        "action": wanted if wanted in allowed else "HOLD",
        "confidence": rule.get("confidence", 0.7),
        "reasons": ["the numbers agree"],
    }
    return json.dumps(said)
