"""What a study tells of its progress, whoever shows it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told in this order: ``begin``, ``advance`` for every trial, ``close``; a study may begin several times."""

    def begin(self, total: int, done: int) -> None:
        """``total`` trials are known of, ``done`` of them need not be played any more."""

    def advance(self, label: str, wall_s: float) -> None:
        """The trial called ``label`` is finished; it took ``wall_s``."""

    def close(self) -> None:
        """Nothing more will come, for whatever reason."""


class _Silent:
    def begin(self, total: int, done: int) -> None: ...

    def advance(self, label: str, wall_s: float) -> None: ...

    def close(self) -> None: ...


SILENT: Progress = _Silent()
