"""Arrays as bytes, exact: float32 where that loses nothing, float64 elsewhere."""

from __future__ import annotations

import math

import numpy as np

from gridran.types import FloatArray
from gridran.wire import checks
from gridran.wire.errors import WireError
from gridran.wire.v1 import common_pb2 as pb


def tensor_to_proto(values: FloatArray) -> pb.FloatTensor:
    """``values`` of any shape; the smaller of the two forms that hold every bit of them."""
    with np.errstate(over="ignore"):
        narrow = values.astype("<f4")
    if np.array_equal(narrow, values):
        return pb.FloatTensor(shape=values.shape, float32_le=narrow.tobytes())
    return pb.FloatTensor(shape=values.shape, float64_le=values.astype("<f8").tobytes())


def tensor_from_proto(message: pb.FloatTensor, shape: tuple[int, ...], path: str, allowed: checks.Range) -> FloatArray:
    """The array, which must have ``shape`` and finite values within ``allowed``."""
    if tuple(message.shape) != shape:
        raise WireError(f"{path}.shape", f"is {list(message.shape)}, expected {list(shape)}")
    field = message.WhichOneof("data")
    if field is None:
        raise WireError(path, "has no data")
    data, dtype = (message.float32_le, "<f4") if field == "float32_le" else (message.float64_le, "<f8")
    expected = math.prod(shape) * np.dtype(dtype).itemsize
    if len(data) != expected:
        raise WireError(f"{path}.{field}", f"has {len(data)} bytes, expected {expected}")
    values = np.frombuffer(data, dtype=dtype).astype(np.float64)
    checks.numbers(values, lambda i: path + "".join(f"[{k}]" for k in np.unravel_index(i, shape)), allowed)
    return values.reshape(shape)
