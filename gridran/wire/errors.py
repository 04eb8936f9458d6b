"""What is wrong with a message, and where."""

from __future__ import annotations


class WireError(ValueError):
    """A message that cannot be used. ``field_path`` names the field as in the proto files, ``sites[3].soc_frac``."""

    def __init__(self, field_path: str, message: str) -> None:
        super().__init__(f"{field_path}: {message}")
        self.field_path = field_path
        self.message = message
