"""From the path of a fault in a ``Dispatch`` (``emulator.validate``) to that of its field in the E2 message."""

from __future__ import annotations

import re

from gridran.types import Network
from gridran.wire.v1 import e2_pb2 as e2

_USER_FIELDS = {"ue_site": "target_site", "shed_reason": "shed_reason"}


def wire_path(path: str, control: e2.Control, network: Network) -> str:
    """``band_on[2][0]`` as ``control.sites[2].cells[0].energy_saving_control``, as the message has them."""
    field, indices = path.split("[")[0], [int(text) for text in re.findall(r"\[(\d+)\]", path)]
    if not indices:
        return f"control.{field}"
    if field == "rate_mbps":
        band = indices[1] if len(indices) > 1 else 0
        return f"control.users.rate_mbps[{indices[0] * network.band_count + band}]"
    if field in _USER_FIELDS:
        return f"control.users.{_USER_FIELDS[field]}[{indices[0]}]"
    row = [site.site_id for site in control.sites].index(network.sites[indices[0]].site_id)
    if field == "band_on":
        cell = [cell.band for cell in control.sites[row].cells].index(network.bands[indices[1]].name)
        return f"control.sites[{row}].cells[{cell}].energy_saving_control"
    return f"control.sites[{row}].{field}"
