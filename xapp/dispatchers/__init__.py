"""The dispatchers by name: a literal registry, one small file each."""

from __future__ import annotations

from collections.abc import Callable

from gridran.plugins import function_named
from gridran.types import Dispatch
from xapp.dispatch.task import DispatchTask
from xapp.dispatchers import proportional_fair

Dispatcher = Callable[[DispatchTask], Dispatch]

DISPATCHERS: dict[str, Dispatcher] = {
    "proportional-fair": proportional_fair.dispatch,
}


def dispatcher_named(name: str) -> Dispatcher:
    """The dispatcher of that name, or the function "module:function". PluginError: there is none."""
    return function_named("dispatcher", name, DISPATCHERS)
