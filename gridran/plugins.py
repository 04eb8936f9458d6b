"""Other people's parts: strategies by entry point, and functions by "module:function".

Nothing is read or imported before somebody asks for a name; what distributions declare is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "gridran.strategies"
F = TypeVar("F", bound=Callable[..., object])


class PluginError(ValueError):
    """A part that does not exist or cannot be used: one line that says which, whose and why."""


@cache
def declared() -> Mapping[str, tuple[EntryPoint, ...]]:
    """The entry points of the group ``gridran.strategies`` by name; one to each name, unless distributions collide."""
    from importlib.metadata import entry_points  # its own import is slow, and --help does without

    found = tuple(entry_points(group=GROUP))
    return {name: tuple(e for e in found if e.name == name) for name in sorted({e.name for e in found})}


def owners(name: str) -> str:
    """The entry points called ``name`` and their distributions, in words."""
    return " and ".join(
        f"entry point '{e.name} = {e.value}' of {e.dist.name if e.dist else 'an unnamed distribution'}"
        for e in declared()[name]
    )


@cache
def loaded(name: str) -> object:
    """The object that the entry point ``name`` stands for. PluginError: its import fails, or two claim the name."""
    if len(declared()[name]) > 1:
        raise PluginError(f"strategy {name!r} is declared more than once, uninstall one: {owners(name)}")
    try:
        return declared()[name][0].load()
    except Exception as error:  # whatever somebody's module raises
        raise PluginError(f"strategy {name!r} cannot be imported, {owners(name)}: {_said(error)}") from error


def function_named(what: str, name: str, ours: Mapping[str, F]) -> F:
    """``ours[name]``, or for "module:function" that function. PluginError: unknown, or it cannot be imported.

    ``what`` is for the message: "planner", "dispatcher", "price rule".
    """
    if name in ours:
        return ours[name]
    if ":" not in name:
        raise PluginError(f"{what} {name!r} is unknown; choose one of {', '.join(ours)}, or name a module:function")
    return cast(F, _imported(what, name))


@cache
def _imported(what: str, name: str) -> Callable[..., object]:
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except Exception as error:  # whatever somebody's module raises
        raise PluginError(f"{what} {name!r} cannot be imported: {_said(error)}") from error
    if not callable(found):
        raise PluginError(f"{what} {name!r} is a {type(found).__name__}, not a function")
    return cast(Callable[..., object], found)


def _said(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
