"""Distances on the globe.

Source: Sinnott (1984), "Virtues of the haversine", Sky and Telescope 68(2). Mean earth radius:
Moritz (2000), "Geodetic Reference System 1980", Journal of Geodesy 74.
"""

from __future__ import annotations

import numpy as np

from matching.engine.arrays import Float64

EARTH_RADIUS_KM = 6371.0088
# A road is longer than the crow flies; 1.3 is the usual factor for western European networks.
ROAD_FACTOR = 1.3


def great_circle_km(lat: Float64, lon: Float64, other_lat: Float64, other_lon: Float64) -> Float64:
    """Kilometres over the globe from each of n points to each of m others: float64 (n, m).

    Degrees in. The haversine stays exact for points close together, where the cosine rule loses
    its digits. A NaN in a point gives NaN in its distances and nowhere else; finite points never
    give NaN, also on opposite sides of the globe.
    """
    phi, other_phi = np.radians(lat)[:, None], np.radians(other_lat)[None, :]
    half_dphi = (other_phi - phi) / 2
    half_dlambda = (np.radians(other_lon)[None, :] - np.radians(lon)[:, None]) / 2
    haversine = np.sin(half_dphi) ** 2 + np.cos(phi) * np.cos(other_phi) * np.sin(half_dlambda) ** 2
    # Rounding may lift it a hair above 1. The root takes such a hair away again, but nothing
    # promises that it is never two, and there the arcsine has no value.
    angle = 2 * np.arcsin(np.sqrt(np.minimum(haversine, 1.0)))
    return np.asarray(EARTH_RADIUS_KM * angle, dtype=np.float64)


def road_km(lat: Float64, lon: Float64, other_lat: Float64, other_lon: Float64) -> Float64:
    """Kilometres by road, estimated: the great circle times `ROAD_FACTOR`; float64 (n, m)."""
    return great_circle_km(lat, lon, other_lat, other_lon) * ROAD_FACTOR
