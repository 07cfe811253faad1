"""The one door to the anthropic SDK: one streamed call, bounded in time, whose every end is a Reply or a Fault.

The call runs in a thread of its own, because neither a read timeout nor the SDK's bounds a server that drips a ping now
and then, and because a signal does not wake a blocking read. The SDK's own retries are off: it honours `retry-after`
without a cap (see `loop.llm.messages`). Read from anthropic 2.11.0.
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
from loop.llm.messages import Ability, Fault, Reply

IDLE_SECONDS = 90.0  # between two bytes; the API sends pings while it thinks
CONNECT_SECONDS = 10.0
TICK_SECONDS = 0.1
ABILITY_SECONDS = 15.0

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
_NO_KEY = "There is no key for Claude: set ANTHROPIC_API_KEY, or say `proposer: sampler` in the brief."


class Api:
    """The Messages API. `cancelled` is asked while a call is under way; credentials come from the environment."""

    def __init__(
        self,
        *,
        cancelled: Callable[[], bool] = lambda: False,
        base_url: str | None = None,
        api_key: str | None = None,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._cancelled = cancelled
        self._idle = idle
        self._options: dict[str, Any] = {"base_url": base_url, "api_key": api_key, "max_retries": 0}
        self._opening = threading.Lock()
        self._open: anthropic.Anthropic | None = None

    def ask(self, body: Mapping[str, object], *, seconds: float) -> Reply:
        """One call. Raises Fault for every end that is not a whole message; a message's own stop reason is not looked at."""
        heard = _Heard()
        call = threading.Thread(target=self._call, args=(body, heard), daemon=True, name="messages")
        call.start()
        self._wait(call, seconds=seconds)
        if call.is_alive():
            self.close()
            why = ("cancelled", "a person ended the loop") if self._cancelled() else _late(seconds)
            raise Fault(*why, usage=heard.usage())
        if heard.error is not None:
            raise _fault(heard.error, usage=heard.usage()) from heard.error
        return heard.reply()

    def ability(self, model: str) -> Ability | None:
        """What a model can do, as the API says; None where it does not say, or not soon."""
        told: list[Ability | None] = []
        call = threading.Thread(target=lambda: told.append(self._look_up(model)), daemon=True, name="models")
        call.start()
        self._wait(call, seconds=ABILITY_SECONDS)
        if call.is_alive():
            self.close()
        return told[0] if told else None

    def _look_up(self, model: str) -> Ability | None:
        try:
            return _ability(self._client().models.retrieve(model))
        except (anthropic.AnthropicError, httpx2.HTTPError, TypeError, ValueError, AttributeError):
            return None

    def close(self) -> None:
        """Close the connections; a thread that still reads from one ends with its next byte."""
        with self._opening:
            if self._open is not None:
                self._open.close()
            self._open = None

    def _client(self) -> anthropic.Anthropic:
        with self._opening:
            if self._open is None:
                timeout = httpx2.Timeout(self._idle, connect=CONNECT_SECONDS)
                self._open = anthropic.Anthropic(**self._options, timeout=timeout)
            return self._open

    def _wait(self, call: threading.Thread, *, seconds: float) -> None:
        until = time.monotonic() + seconds
        while call.is_alive() and time.monotonic() < until and not self._cancelled():
            call.join(min(TICK_SECONDS, max(0.001, until - time.monotonic())))

    def _call(self, body: Mapping[str, object], heard: "_Heard") -> None:
        """Runs in the thread; everything it learns, it leaves in `heard`."""
        try:
            with self._client().messages.stream(**cast("dict[str, Any]", body)) as stream:
                _check(stream.response)
                heard.request_id = stream.request_id
                for _ in stream:
                    heard.message = stream.current_message_snapshot
        except Exception as error:  # noqa: BLE001  # a thread has nobody to raise to: `ask` raises it again, classified
            heard.error = error


def _ability(info: ModelInfo) -> Ability | None:
    able = info.capabilities
    if able is None:
        return None
    return Ability(
        adaptive=able.thinking.types.adaptive.supported,
        effort=able.effort.supported,
        structured=able.structured_outputs.supported,
        max_tokens=info.max_tokens,
    )


class _NotTheApi(Exception):
    """Status 200, but no stream of events: a proxy's page."""


class _Heard:
    """What the calling thread has left so far. Read by the other one: each attribute is set once or only replaced."""

    def __init__(self) -> None:
        self.message: Message | None = None
        self.request_id: str | None = None
        self.error: Exception | None = None

    def usage(self) -> Usage:
        told = getattr(self.message, "usage", None)
        return Usage(
            tokens_in=getattr(told, "input_tokens", 0) or 0,
            tokens_out=getattr(told, "output_tokens", 0) or 0,
            tokens_cache_read=getattr(told, "cache_read_input_tokens", 0) or 0,
            tokens_cache_written=getattr(told, "cache_creation_input_tokens", 0) or 0,
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


def _check(response: httpx2.Response) -> None:
    if not response.headers.get("content-type", "").startswith("text/event-stream"):
        response.read()
        raise _NotTheApi(response.text)


def _late(seconds: float) -> tuple[str, str]:
    return "deadline", f"The call did not end within {seconds:.3g} seconds."


def _fault(error: Exception, *, usage: Usage) -> Fault:
    if isinstance(error, anthropic.APIStatusError):
        return _refused(error, usage=usage)
    return Fault(*_named(error), usage=usage)


def _named(error: Exception) -> tuple[str, str]:
    """The kind of a failure that is no status of the API, and the words for it."""
    said = " ".join(str(error).split())[:200]
    match error:
        case anthropic.APITimeoutError() | httpx2.TimeoutException():
            return "timeout", "The API fell silent."
        case anthropic.APIConnectionError() | httpx2.HTTPError():
            return "connection", f"The connection failed: {_cause(error)}."
        case anthropic.CredentialsError():
            return "no_key", f"{_NO_KEY} ({said})"
        case TypeError() if "authentication" in said:
            return "no_key", _NO_KEY
        case _NotTheApi():
            return "not_the_api", f"Something other than the API answered, perhaps a proxy: {said[:120]!r}."
        case _:
            return "malformed", f"The answer cannot be read: {type(error).__name__}: {said}."


def _refused(error: anthropic.APIStatusError, *, usage: Usage) -> Fault:
    """By the error's type before its status: an error within a stream arrives with status 200."""
    said = " ".join((error.api_message or str(error)).split())[:300]
    kind = (
        _STATUS.get(error.status_code) or _KINDS.get(error.type or "") or ("server" if error.status_code >= 500 else "")
    )
    if (
        "spend_limit" in (error.error_code or "")
        or "specified API usage limits" in said
        or "workspace API usage" in said
    ):
        kind = "spend_limit"
    number = f"{error.status_code} " if error.status_code >= 400 else ""
    words = f"The API answered {number}{error.type or 'error'}: {said}"
    return Fault(kind or "bad_request", words, retry_after=retry_after(error.response.headers), usage=usage)


def retry_after(headers: Mapping[str, str], *, now: Callable[[], float] = time.time) -> float | None:
    """Seconds that a server asks to wait (`retry-after-ms`, `retry-after` in seconds or as a date), or None."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * scale)
        except (KeyError, ValueError):
            continue
    when = email.utils.parsedate_tz(headers.get("retry-after", ""))
    return None if when is None else max(0.0, email.utils.mktime_tz(when) - now())


def _cause(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())[:200] or type(error).__name__
