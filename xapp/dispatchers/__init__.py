"""The dispatchers by name: a literal registry, one small file each."""

from __future__ import annotations

from collections.abc import Callable

from gridran.types import Dispatch
from xapp.dispatch.task import DispatchTask
from xapp.dispatchers import proportional_fair

DISPATCHERS: dict[str, Callable[[DispatchTask], Dispatch]] = {
    "proportional-fair": proportional_fair.dispatch,
}
