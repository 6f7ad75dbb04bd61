"""Places: a few real postcode areas of the region."""

from geo.models import Postcode

PLACES = {
    "8011": (52.5126, 6.0936, "Zwolle", "Zwolle"),
    "8031": (52.5236, 6.0649, "Zwolle", "Zwolle"),
    "8261": (52.5579, 5.9147, "Kampen", "Kampen"),
    "7941": (52.6966, 6.1913, "Meppel", "Meppel"),
    "8302": (52.7104, 5.7561, "Emmeloord", "Noordoostpolder"),
    "1011": (52.3710, 4.9042, "Amsterdam", "Amsterdam"),
}


def postcode(pc4: str = "8011") -> Postcode:
    """The postcode area, made when it is not there yet."""
    lat, lon, place, municipality = PLACES[pc4]
    return Postcode.objects.get_or_create(
        pc4=pc4,
        defaults={"lat": lat, "lon": lon, "place": place, "municipality_name": municipality},
    )[0]
