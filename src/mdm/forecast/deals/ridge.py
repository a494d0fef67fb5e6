"""Logistic regression with a normal prior on its coefficients (ridge), fitted by Newton's method; outcomes may weigh more or less than one.

Hoerl and Kennard (1970); le Cessie and van Houwelingen (1992). `penalty` is the precision of each coefficient's prior, `prior` its mean.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

Array = np.ndarray
STEPS = 50


@dataclass(frozen=True)
class Fit:
    """Coefficients and their covariance."""

    coefficients: Array
    covariance: Array

    def logit(self, features: Array, offset: Array | float = 0.0) -> Array:
        """Log-odds of rows."""
        return np.asarray(features @ self.coefficients + offset)

    def variance(self, features: Array) -> Array:
        """Variance of the log-odds of rows."""
        return np.asarray(np.einsum("ij,jk,ik->i", features, self.covariance, features))


def fit(features: Array, outcome: Array, weight: Array, penalty: Array, prior: Array | None = None, offset: Array | float = 0.0) -> Fit:
    """The most likely coefficients given the rows and the prior; without rows, the prior."""
    prior = np.zeros(features.shape[1]) if prior is None else prior
    at = prior.copy()
    for _ in range(STEPS):
        expected = expit(features @ at + offset)
        curvature = (features * (weight * expected * (1 - expected))[:, None]).T @ features + np.diag(penalty)
        slope = features.T @ (weight * (outcome - expected)) - penalty * (at - prior)
        step = cho_solve(cho_factor(curvature), slope)
        at = at + step * min(1.0, 5.0 / max(float(np.abs(step).max(initial=0.0)), 1e-12))
        if float(np.abs(step).max(initial=0.0)) < 1e-8:
            break
    expected = expit(features @ at + offset)
    curvature = (features * (weight * expected * (1 - expected))[:, None]).T @ features + np.diag(penalty)
    return Fit(at, cho_solve(cho_factor(curvature), np.eye(len(at))))


def expit(value: Array) -> Array:
    """Probability of log-odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -35, 35))))


ENTERED = 0.02
"""What people enter is kept so far off 0 and 1: nobody is certain."""
ESTIMATED = 0.001
"""What is estimated is kept so far off 0 and 1."""


def logit(chance: Array, least: float = ENTERED) -> Array:
    """Log-odds of a probability, kept off 0 and 1."""
    kept = np.clip(chance, least, 1 - least)
    return np.asarray(np.log(kept / (1 - kept)))
