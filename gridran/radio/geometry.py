"""Where sites and users are: hexagonal layouts, the hexagons themselves, and overlapping disks."""

from __future__ import annotations

import numpy as np

from gridran.types import BoolArray, FloatArray

_EDGE_NORMALS = np.array([(1.0, 0.0), (0.5, 3.0**0.5 / 2), (-0.5, 3.0**0.5 / 2)])


def hex_sites_xy_m(rings: int, isd_m: float) -> FloatArray:
    """Centres of a hexagonal layout, shape [N, 2]: N = 1 + 3·rings·(rings + 1), so 7 sites at 1 ring and 19 at 2.

    ``isd_m`` is the inter-site distance. ValueError: a negative ring count or a distance that is not positive.
    """
    if rings < 0 or isd_m <= 0.0:
        raise ValueError(f"a hexagonal layout needs rings >= 0 and a positive distance, not {rings} and {isd_m}")
    axial = [(q, r) for q in range(-rings, rings + 1) for r in range(-rings, rings + 1) if abs(q + r) <= rings]
    return np.array([(isd_m * (q + r / 2), isd_m * r * 3.0**0.5 / 2) for q, r in axial], dtype=np.float64)


def inside_hexagons(xy_m: FloatArray, site_xy_m: FloatArray, isd_m: float) -> BoolArray:
    """Which points [M, 2] lie in the union of the sites' hexagons (inradius ISD/2), shape [M]."""
    offset_m = xy_m[:, None, :] - site_xy_m[None, :, :]
    along_m = np.abs(offset_m @ _EDGE_NORMALS.T)  # [M, N, 3]
    inside: BoolArray = (along_m.max(axis=2) <= isd_m / 2 * (1 + 1e-12)).any(axis=1)
    return inside


def disk_overlap_frac(distance_m: FloatArray | float, radius_a_m: float, radius_b_m: float) -> FloatArray:
    """|A ∩ B| / |B| of two disks whose centres are ``distance_m`` apart, exact, any shape.

    The lens of two circles: r²·acos(…) of both minus the kite between the centres. κ of Eq. (1).
    """
    d = np.asarray(distance_m, dtype=np.float64)
    a, b = float(radius_a_m), float(radius_b_m)
    if b <= 0.0:
        raise ValueError("the second disk needs a positive radius")
    apart, within = d >= a + b, d <= abs(a - b)
    safe = np.where(apart | within, a + b, np.maximum(d, 1e-12))
    cos_a = np.clip((safe**2 + a**2 - b**2) / (2 * safe * max(a, 1e-12)), -1.0, 1.0)
    cos_b = np.clip((safe**2 + b**2 - a**2) / (2 * safe * b), -1.0, 1.0)
    kite = 0.5 * np.sqrt(np.maximum((-safe + a + b) * (safe + a - b) * (safe - a + b) * (safe + a + b), 0.0))
    lens_m2 = a**2 * np.arccos(cos_a) + b**2 * np.arccos(cos_b) - kite
    frac = np.where(within, min(a, b) ** 2 / b**2, np.where(apart, 0.0, lens_m2 / (np.pi * b**2)))
    return np.asarray(frac, dtype=np.float64)
