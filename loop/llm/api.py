"""The anthropic SDK: one streamed call, bounded in time, that ends in a Reply or a Fault.

The call runs in a thread of its own: no read timeout bounds a server that sends a ping now and then, and a signal does not
wake a blocking read. The SDK's own retries are off, because it honours `retry-after` without a limit (see
`loop.llm.messages`). Read from anthropic 2.11.0.
"""

import email.utils
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import anthropic
import httpx2
from anthropic.types import Message, ModelInfo

from journal.events import Usage
from loop.llm.messages import Fault, ModelCapabilities, Reply

IDLE_SECONDS = 90.0  # between two bytes; the API sends pings while a model thinks
CONNECT_SECONDS = 10.0
TICK_SECONDS = 0.1
CAPABILITIES_SECONDS = 15.0

_KINDS = {
    "authentication_error": "authentication",
    "billing_error": "billing",
    "permission_error": "permission",
    "not_found_error": "not_found",
    "rate_limit_error": "rate_limit",
    "overloaded_error": "overloaded",
    "timeout_error": "server",
    "api_error": "server",
}
_STATUS = {
    401: "authentication",
    402: "billing",
    403: "permission",
    404: "not_found",
    408: "server",
    413: "too_large",
    429: "rate_limit",
    529: "overloaded",
}
_NO_KEY = "There is no key for Claude: set ANTHROPIC_API_KEY, or write `proposer: sampler` into the brief."


class MessagesApi:
    """The Messages API. `is_cancelled` is polled during a call; credentials come from the environment."""

    def __init__(
        self,
        *,
        is_cancelled: Callable[[], bool] = lambda: False,
        base_url: str | None = None,
        api_key: str | None = None,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._is_cancelled = is_cancelled
        self._idle = idle
        self._options: dict[str, Any] = {"base_url": base_url, "api_key": api_key, "max_retries": 0}
        self._lock = threading.Lock()
        self._client: anthropic.Anthropic | None = None

    def send(self, body: Mapping[str, object], *, seconds: float) -> Reply:
        """One call. Raises Fault unless a whole message arrives, whatever its stop reason."""
        state = _CallState()
        call = threading.Thread(target=self._stream, args=(body, state), daemon=True, name="messages")
        call.start()
        self._wait(call, seconds=seconds)
        if call.is_alive():
            self.close()
            if self._is_cancelled():
                raise Fault("cancelled", "A person ended the loop.", usage=state.usage())
            raise Fault("deadline", f"The call did not end within {seconds:.3g} seconds.", usage=state.usage())
        if state.error is not None:
            if isinstance(state.error, anthropic.APIStatusError):
                raise _status_fault(state.error, usage=state.usage()) from state.error
            raise Fault(*_classify(state.error), usage=state.usage()) from state.error
        return state.reply()

    def capabilities(self, model: str) -> ModelCapabilities | None:
        """What a model can do, from the API; None if the API does not answer in time."""
        results: list[ModelCapabilities | None] = []
        call = threading.Thread(target=lambda: results.append(self._retrieve(model)), daemon=True, name="models")
        call.start()
        self._wait(call, seconds=CAPABILITIES_SECONDS)
        if call.is_alive():
            self.close()
        return results[0] if results else None

    def close(self) -> None:
        """Close the connections; a thread that still reads from one ends with its next byte."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def _retrieve(self, model: str) -> ModelCapabilities | None:
        try:
            return _capabilities(self._open().models.retrieve(model))
        except (anthropic.AnthropicError, httpx2.HTTPError, TypeError, ValueError, AttributeError):
            return None

    def _open(self) -> anthropic.Anthropic:
        with self._lock:
            if self._client is None:
                timeout = httpx2.Timeout(self._idle, connect=CONNECT_SECONDS)
                self._client = anthropic.Anthropic(**self._options, timeout=timeout)
            return self._client

    def _wait(self, call: threading.Thread, *, seconds: float) -> None:
        until = time.monotonic() + seconds
        while call.is_alive() and time.monotonic() < until and not self._is_cancelled():
            call.join(min(TICK_SECONDS, max(0.001, until - time.monotonic())))

    def _stream(self, body: Mapping[str, object], state: "_CallState") -> None:
        """Runs in the call's thread and writes to `state`."""
        try:
            with self._open().messages.stream(**cast("dict[str, Any]", body)) as stream:
                if not stream.response.headers.get("content-type", "").startswith("text/event-stream"):
                    stream.response.read()
                    raise _NotTheApi(stream.response.text)  # noqa: TRY301  # `send` classifies it like any other
                state.request_id = stream.request_id
                for _ in stream:
                    state.message = stream.current_message_snapshot
        except Exception as error:  # noqa: BLE001  # a thread has no caller to raise to: `send` raises it again, classified
            state.error = error


class _NotTheApi(Exception):
    """Status 200 without a stream of events: a proxy's page."""


class _CallState:
    """What the call's thread has received so far. The other thread reads it: each attribute is only ever replaced."""

    def __init__(self) -> None:
        self.message: Message | None = None
        self.request_id: str | None = None
        self.error: Exception | None = None

    def usage(self) -> Usage:
        usage = getattr(self.message, "usage", None)
        return Usage(
            tokens_in=getattr(usage, "input_tokens", 0) or 0,
            tokens_out=getattr(usage, "output_tokens", 0) or 0,
            tokens_cache_read=getattr(usage, "cache_read_input_tokens", 0) or 0,
            tokens_cache_written=getattr(usage, "cache_creation_input_tokens", 0) or 0,
            calls=1,
        )

    def reply(self) -> Reply:
        if self.message is None or self.message.stop_reason is None:
            raise Fault("cut", "The answer broke off before its end.", usage=self.usage())
        details = self.message.stop_details
        return Reply(
            model=self.message.model,
            content=[block.to_dict() for block in self.message.content],
            stop_reason=self.message.stop_reason,
            category=getattr(details, "category", None),
            explanation=getattr(details, "explanation", None) or "",
            request_id=self.request_id,
            usage=self.usage(),
        )


def _capabilities(info: ModelInfo) -> ModelCapabilities | None:
    capabilities = info.capabilities
    if capabilities is None:
        return None
    return ModelCapabilities(
        adaptive=capabilities.thinking.types.adaptive.supported,
        effort=capabilities.effort.supported,
        structured=capabilities.structured_outputs.supported,
        max_tokens=info.max_tokens,
    )


def _classify(error: Exception) -> tuple[str, str]:
    """(kind, sentence) of an error without a status of the API."""
    message = " ".join(str(error).split())[:200]
    match error:
        case anthropic.APITimeoutError() | httpx2.TimeoutException():
            return "timeout", "The API stopped sending."
        case anthropic.APIConnectionError() | httpx2.HTTPError():
            return "connection", f"The connection failed: {_root_cause(error)}."
        case anthropic.CredentialsError():
            return "no_key", f"{_NO_KEY} ({message})"
        case TypeError() if "authentication" in message:
            return "no_key", _NO_KEY
        case _NotTheApi():
            return "not_the_api", f"Something other than the API answered, perhaps a proxy: {message[:120]!r}."
        case _:
            return "malformed", f"The answer cannot be read: {type(error).__name__}: {message}."


def _status_fault(error: anthropic.APIStatusError, *, usage: Usage) -> Fault:
    """The error's type decides as well as its status: an error within a stream arrives with status 200."""
    message = " ".join((error.api_message or str(error)).split())[:300]
    kind = (
        _STATUS.get(error.status_code) or _KINDS.get(error.type or "") or ("server" if error.status_code >= 500 else "")
    )
    is_spend_limit = "spend_limit" in (error.error_code or "")
    if is_spend_limit or "specified API usage limits" in message or "workspace API usage" in message:
        kind = "spend_limit"
    number = f"{error.status_code} " if error.status_code >= 400 else ""
    sentence = f"The API answered {number}{error.type or 'error'}: {message}"
    return Fault(kind or "bad_request", sentence, retry_after=retry_after(error.response.headers), usage=usage)


def retry_after(headers: Mapping[str, str], *, now: Callable[[], float] = time.time) -> float | None:
    """Seconds that a server asks to wait (`retry-after-ms`, `retry-after` in seconds or as a date), or None."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * scale)
        except (KeyError, ValueError):
            continue
    date = email.utils.parsedate_tz(headers.get("retry-after", ""))
    return None if date is None else max(0.0, email.utils.mktime_tz(date) - now())


def _root_cause(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())[:200] or type(error).__name__
