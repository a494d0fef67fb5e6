"""How much the market moves deals together: the correlation of the common factor, from how past quarters went.

In a quarter whose deals were given the chances p, the number won strays from their sum by more than chance alone where they share a factor:
Var = sum p (1 - p) + rho ((sum phi)^2 - sum phi^2), phi being the normal density at invnorm(p) (first order in rho). What the quarters tell is
shrunk to what is usual, as if that had been seen in `PRIOR_QUARTERS` of them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import norm

USUAL = 0.08
PRIOR_QUARTERS = 8
MOST = 0.5

Floats = NDArray[np.float64]


def correlation(quarters: Sequence[tuple[Floats, Floats]]) -> float:
    """rho. In: by past quarter, the chances that its deals were given before it, and whether each was won in it (1 or 0)."""
    told = [(chance, won) for chance, won in quarters if len(chance) > 1]
    excess, weight = 0.0, 0.0
    for chance, won in told:
        p = np.clip(chance, 1e-6, 1 - 1e-6)
        density = norm.pdf(ndtri(p))
        excess += float((won - p).sum() ** 2 - (p * (1 - p)).sum())
        weight += float(density.sum() ** 2 - (density**2).sum())
    seen = max(0.0, excess / weight) if weight > 0 else 0.0
    share = len(told) / (len(told) + PRIOR_QUARTERS)
    return min(share * seen + (1 - share) * USUAL, MOST)
