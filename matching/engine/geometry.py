"""Distances on the globe.

Source: Sinnott (1984), "Virtues of the haversine", Sky and Telescope 68(2). Mean earth radius:
Moritz (2000), "Geodetic Reference System 1980", Journal of Geodesy 74.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Float64, Int64

EARTH_RADIUS_KM = 6371.0088
# A road is longer than the crow flies; 1.3 is the usual factor for western European networks.
ROAD_FACTOR = 1.3


@dataclass(frozen=True, eq=False)
class Points:
    """Points on the globe, in radians, with what each distance needs; float64 of any shape."""

    phi: Float64
    lam: Float64
    cos_phi: Float64

    @classmethod
    def of(cls, lat: Float64, lon: Float64) -> Points:
        """The points at these degrees."""
        phi = np.radians(lat)
        return cls(phi=phi, lam=np.radians(lon), cos_phi=np.cos(phi))

    def at(self, index: Int64) -> Points:
        """Some of the points, in this order."""
        return Points(phi=self.phi[index], lam=self.lam[index], cos_phi=self.cos_phi[index])

    def km_to(self, others: Points) -> Float64:
        """Kilometres over the globe, point by point; the shapes are broadcast.

        The haversine stays exact for points close together, where the cosine rule loses its
        digits. Finite points never give NaN, also on opposite sides of the globe.
        """
        half_dphi = (others.phi - self.phi) / 2
        half_dlambda = (others.lam - self.lam) / 2
        cosines = self.cos_phi * others.cos_phi
        haversine = np.sin(half_dphi) ** 2 + cosines * np.sin(half_dlambda) ** 2
        # Rounding may lift it a hair above 1. The root takes such a hair away again, but nothing
        # promises that it is never two, and there the arcsine has no value.
        angle = 2 * np.arcsin(np.sqrt(np.minimum(haversine, 1.0)))
        return np.asarray(EARTH_RADIUS_KM * angle, dtype=np.float64)


def great_circle_km(lat: Float64, lon: Float64, other_lat: Float64, other_lon: Float64) -> Float64:
    """Kilometres over the globe from each of n points to each of m others: float64 (n, m).

    Degrees in. A NaN in a point gives NaN in its distances and nowhere else.
    """
    rows = Points.of(lat[:, None], lon[:, None])
    return rows.km_to(Points.of(other_lat[None, :], other_lon[None, :]))


def road_km(lat: Float64, lon: Float64, other_lat: Float64, other_lon: Float64) -> Float64:
    """Kilometres by road, estimated: the great circle times `ROAD_FACTOR`; float64 (n, m)."""
    return great_circle_km(lat, lon, other_lat, other_lon) * ROAD_FACTOR
