"""Messages from and to the shared vocabulary, exact to the last bit.

``x_to_proto`` takes a value that is right. ``x_from_proto`` checks what comes from outside and raises WireError, whose
field path is that of the proto files. Sites travel by name, so a message says by itself what it is about.
"""

from __future__ import annotations

from gridran.wire.convert_dispatch import dispatch_from_proto, dispatch_to_proto
from gridran.wire.convert_network import network_from_proto, network_to_proto
from gridran.wire.convert_outcome import outcome_from_proto, outcome_to_proto
from gridran.wire.convert_policy import POLICY_TYPE_ID, policy_from_proto, policy_to_proto
from gridran.wire.convert_snapshot import (
    snapshot_from_proto,
    snapshot_to_proto,
    telemetry_from_proto,
    telemetry_to_proto,
)
from gridran.wire.errors import WireError

__all__ = [
    "POLICY_TYPE_ID",
    "WireError",
    "dispatch_from_proto",
    "dispatch_to_proto",
    "network_from_proto",
    "network_to_proto",
    "outcome_from_proto",
    "outcome_to_proto",
    "policy_from_proto",
    "policy_to_proto",
    "snapshot_from_proto",
    "snapshot_to_proto",
    "telemetry_from_proto",
    "telemetry_to_proto",
]
