"""Who looks for a place, and what is on offer: two tables of arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import (
    Bool,
    Float64,
    Int8,
    Int16,
    Int32,
    Layout,
    admit,
    require_between,
    require_distinct,
    require_in_order,
)

CREBO_UNKNOWN = -1
CREBO_NOT_NEEDED = 0
NO_EARMARK = -1
LEVELS = 7  # 1 to 4 are mbo, 5 and 6 are hbo; index 0 stays empty

_FAR = 2**31 - 1

_STUDENT_LAYOUT: Layout = {
    "level": (np.int8, ("n",)),
    "programme": (np.int32, ("n",)),
    "crebo": (np.int32, ("n",)),
    "school": (np.int32, ("n",)),
    "start": (np.int32, ("n",)),
    "end": (np.int32, ("n",)),
    "min_weeks": (np.int16, ("n",)),
    "days": (np.int8, ("n",)),
    "lat": (np.float64, ("n",)),
    "lon": (np.float64, ("n",)),
    "max_km": (np.float64, ("n",)),
    "skills": (np.bool_, ("n", "S")),
    "wants": (np.bool_, ("n", "S")),
}

_OFFER_LAYOUT: Layout = {
    "levels": (np.bool_, ("m", LEVELS)),
    "programmes": (np.bool_, ("m", "P")),
    "programme_ids": (np.int32, ("P",)),
    "any_programme": (np.bool_, ("m",)),
    "accredited": (np.bool_, ("m", "C")),
    "crebo_codes": (np.int32, ("C",)),
    "accreditation_confirmed": (np.bool_, ("m",)),
    "start": (np.int32, ("m",)),
    "end": (np.int32, ("m",)),
    "days_min": (np.int8, ("m",)),
    "days_max": (np.int8, ("m",)),
    "lat": (np.float64, ("m",)),
    "lon": (np.float64, ("m",)),
    "capacity": (np.int32, ("m",)),
    "minimum": (np.int32, ("m",)),
    "earmark": (np.int32, ("m",)),
    "whole_period": (np.bool_, ("m",)),
    "skills": (np.bool_, ("m", "S")),
}


@dataclass(frozen=True, eq=False)
class Students:
    """n students who look for a place.

    level       int8 (n)       1 to 4: mbo; 5, 6: hbo
    programme   int32 (n)      id of the programme
    crebo       int32 (n)      the programme's crebo code; −1: not known; 0: needs no accreditation
    school      int32 (n)      id of the school, 0 or more
    start, end  int32 (n)      first and last day of the availability, in days from any one origin
    min_weeks   int16 (n)      weeks that the programme asks for; 0: the offer's whole period
    days        int8 (n)       days per week, 1 to 7
    lat, lon    float64 (n)    degrees
    max_km      float64 (n)    how far the student wants to travel, in kilometres by road
    skills      bool (n, S)    what the student can
    wants       bool (n, S)    what the student wants to learn

    Raises ProblemError, naming field and row.
    """

    level: Int8
    programme: Int32
    crebo: Int32
    school: Int32
    start: Int32
    end: Int32
    min_weeks: Int16
    days: Int8
    lat: Float64
    lon: Float64
    max_km: Float64
    skills: Bool
    wants: Bool

    def __post_init__(self) -> None:
        admit(self, "students", _STUDENT_LAYOUT)
        require_between("students", "level", self.level, 1, LEVELS - 1)
        require_between("students", "crebo", self.crebo, CREBO_UNKNOWN, _FAR)
        require_between("students", "school", self.school, 0, _FAR)
        require_between("students", "min_weeks", self.min_weeks, 0, 520)
        require_between("students", "days", self.days, 1, 7)
        require_between("students", "lat", self.lat, -90, 90)
        require_between("students", "lon", self.lon, -180, 180)
        require_between("students", "max_km", self.max_km, 0, 50_000)
        require_in_order("students", ("start", self.start), ("end", self.end))

    def __len__(self) -> int:
        return len(self.level)

    def only(self, row: int) -> Students:
        """The student of one row, alone."""
        return Students(**{name: getattr(self, name)[row : row + 1] for name in _STUDENT_LAYOUT})


@dataclass(frozen=True, eq=False)
class Offers:
    """m offers, each with room for one or more students.

    levels            bool (m, 7)   which levels are welcome, by level
    programmes        bool (m, P)   which programmes are welcome, in columns ``programme_ids``
    programme_ids     int32 (P)     all different
    any_programme     bool (m)      every programme is welcome, whatever ``programmes`` says
    accredited        bool (m, C)   for which crebo codes the site is an accredited training
                                    company, in columns ``crebo_codes``
    crebo_codes       int32 (C)     all different, above 0
    accreditation_confirmed  bool (m)  a coordinator confirmed it by hand, for programmes whose
                                    code is not known
    start, end        int32 (m)     first and last day, from the same origin as the students'
    days_min, days_max  int8 (m)    days per week, 1 to 7
    lat, lon          float64 (m)   degrees
    capacity          int32 (m)     free seats
    minimum           int32 (m)     smallest team, counted in these free seats; 0: none
    earmark           int32 (m)     id of the only school that is welcome; −1: all. An earmark
                                    whose date has passed is −1
    whole_period      bool (m)      a student has to be there from the first to the last day, as
                                    in a project, whatever number of weeks the programme asks for
    skills            bool (m, S)   what the offer asks for, or teaches

    Raises ProblemError, naming field and row.
    """

    levels: Bool
    programmes: Bool
    programme_ids: Int32
    any_programme: Bool
    accredited: Bool
    crebo_codes: Int32
    accreditation_confirmed: Bool
    start: Int32
    end: Int32
    days_min: Int8
    days_max: Int8
    lat: Float64
    lon: Float64
    capacity: Int32
    minimum: Int32
    earmark: Int32
    whole_period: Bool
    skills: Bool

    def __post_init__(self) -> None:
        admit(self, "offers", _OFFER_LAYOUT)
        require_distinct("offers", "programme_ids", self.programme_ids)
        require_distinct("offers", "crebo_codes", self.crebo_codes)
        require_between("offers", "crebo_codes", self.crebo_codes, 1, _FAR)
        require_between("offers", "days_min", self.days_min, 1, 7)
        require_between("offers", "days_max", self.days_max, 1, 7)
        require_between("offers", "lat", self.lat, -90, 90)
        require_between("offers", "lon", self.lon, -180, 180)
        require_between("offers", "capacity", self.capacity, 0, _FAR)
        require_between("offers", "minimum", self.minimum, 0, _FAR)
        require_between("offers", "earmark", self.earmark, NO_EARMARK, _FAR)
        require_in_order("offers", ("start", self.start), ("end", self.end))
        require_in_order("offers", ("days_min", self.days_min), ("days_max", self.days_max))
        require_in_order("offers", ("minimum", self.minimum), ("capacity", self.capacity))

    def __len__(self) -> int:
        return len(self.capacity)
