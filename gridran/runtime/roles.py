"""Which role may call what. Every server with TLS asks; a method that is not listed is closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import grpc

from gridran.runtime.tls import require_role

_A1, _E2, _O1 = (f"/gridran.v1.{name}/" for name in ("A1PolicyService", "E2Service", "O1Service"))
_RAPP, _XAPP, _OPERATOR, _READERS = ("rapp",), ("xapp",), ("operator",), ("rapp", "xapp", "observer", "operator")

METHOD_ROLES: Mapping[str, tuple[str, ...]] = {
    _A1 + "ListPolicyTypes": _READERS,
    _A1 + "PutPolicy": _RAPP,
    _A1 + "GetPolicy": _READERS,
    _A1 + "DeletePolicy": _RAPP,
    _A1 + "GetStatus": _READERS,
    _A1 + "WatchStatus": _READERS,
    _E2 + "Setup": _XAPP,
    _E2 + "Subscribe": _XAPP,
    _E2 + "Control": _XAPP,
    _E2 + "ErrorIndication": _XAPP,
    _E2 + "Reset": _XAPP,
    _O1 + "Describe": _READERS,
    _O1 + "StreamTelemetry": _RAPP,
    _O1 + "PlanApplied": _RAPP,
    _O1 + "StreamOutcomes": _READERS,
    _O1 + "SetPace": _OPERATOR,
}
Behaviour = Callable[[Any, grpc.ServicerContext], Any]


class RoleInterceptor(grpc.ServerInterceptor):  # type: ignore[type-arg]  # generic in its stub only
    """Ends a call with PERMISSION_DENIED before its servicer sees it, unless ``allowed`` names the caller's role."""

    def __init__(self, allowed: Mapping[str, tuple[str, ...]] = METHOD_ROLES) -> None:
        self._allowed = allowed

    def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        handler = continuation(handler_call_details)
        if handler is None:
            return None
        roles = self._allowed.get(handler_call_details.method, ())
        if handler.response_streaming:
            return _rebuilt(handler, grpc.unary_stream_rpc_method_handler, _guarded(handler.unary_stream, roles))
        return _rebuilt(handler, grpc.unary_unary_rpc_method_handler, _guarded(handler.unary_unary, roles))


def _guarded(behaviour: Behaviour, roles: tuple[str, ...]) -> Behaviour:
    def ask_first(request: Any, context: grpc.ServicerContext) -> Any:
        require_role(context, *roles)
        return behaviour(request, context)

    return ask_first


def _rebuilt(handler: Any, make: Callable[..., Any], behaviour: Behaviour) -> Any:
    return make(
        behaviour,
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )
