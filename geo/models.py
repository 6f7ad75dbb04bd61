"""Places: municipalities of the region and four-digit postcode areas of the Netherlands."""

from django.db import models


class Municipality(models.Model):
    """A municipality of Regio Zwolle."""

    code = models.CharField("CBS-code", max_length=6, primary_key=True)
    name = models.CharField(max_length=60, unique=True)
    province = models.CharField(max_length=20)
    joined = models.PositiveSmallIntegerField(null=True, help_text="year of joining the region")
    lat = models.FloatField()
    lon = models.FloatField()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "municipalities"

    def __str__(self) -> str:
        return self.name


class Postcode(models.Model):
    """The area of the first four digits of a postcode, with its centre in degrees (WGS 84)."""

    pc4 = models.CharField(max_length=4, primary_key=True)
    lat = models.FloatField()
    lon = models.FloatField()
    place = models.CharField(max_length=60)
    municipality_name = models.CharField(max_length=60)
    municipality = models.ForeignKey(
        Municipality,
        on_delete=models.PROTECT,
        null=True,
        related_name="postcodes",
        help_text="only inside the region",
    )

    class Meta:
        ordering = ["pc4"]
        constraints = [
            models.CheckConstraint(
                name="postcode_has_four_digits", condition=models.Q(pc4__regex=r"^[1-9]\d{3}$")
            ),
            models.CheckConstraint(
                name="postcode_lies_in_the_netherlands",
                condition=models.Q(lat__range=(50.5, 53.7), lon__range=(3.2, 7.4)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pc4} {self.place}"
