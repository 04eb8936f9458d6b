"""What every answer says to a browser, whom the page answers, and whose orders it takes."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Guard:
    """Adds ``HEADERS`` to every answer, and answers only those who call the page by a name of its own.

    Another site's name that was made to point here (DNS rebinding) is none, so its scripts get nothing. ``public`` are
    the paths that anybody may ask for by any name."""

    def __init__(self, app: ASGIApp, names: Collection[str] = (), public: Collection[str] = ()) -> None:
        self._app, self._names, self._public = app, frozenset(name.lower() for name in names), public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        known = scope["path"] in self._public or own_name(Headers(scope=scope).get("host", ""), self._names)
        app = self._app if known else _stranger
        await app(scope, receive, send_with_headers)


def own_name(host: str, names: Collection[str]) -> bool:
    """Whether ``host``, with or without a port, is localhost, an address in digits, or one of ``names``."""
    name = host_name(host)
    if name == "localhost" or name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def host_name(host: str) -> str:
    """``host`` in lower case without its port, and without the brackets of an IPv6 address."""
    name = host.lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0]


def refusal(headers: Headers) -> str:
    """Why an order is not taken, in one line; empty where it may be: it comes from this page's own script."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return "the content type must be application/json"
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return "only this page's own script may ask for that"
    host, origin = headers.get("host", ""), headers.get("origin", "")
    if not host or origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
        return "the Origin header must be this page's own"
    return ""


async def _stranger(scope: Scope, receive: Receive, send: Send) -> None:
    said = "This page does not go by that name. Use its IP address, or add the name to [listen] names.\n"
    await PlainTextResponse(said, status_code=421)(scope, receive, send)
