"""Who carries whose users: counted from serving sites and own cells, for maps, pages and explanations alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from gridran.types import SiteMode

Pairs = Counter[tuple[int, int]]


def carried(ue_site: Iterable[int], own_site: Iterable[int]) -> Pairs:
    """Users by (serving site, own cell), both indices, where another site than the own cell's serves them."""
    pairs = zip(ue_site, own_site, strict=True)
    return Counter((by, own) for by, own in pairs if by >= 0 and by != own)


def links(pairs: Pairs, mode: Sequence[int]) -> Pairs:
    """Those of ``pairs`` that are cooperation under the modes [N]: a helper carries users of a site that is none."""
    helping = SiteMode.HELPING
    return Counter({pair: n for pair, n in pairs.items() if mode[pair[0]] == helping and mode[pair[1]] != helping})
