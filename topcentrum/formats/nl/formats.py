"""What Django's Dutch formats write otherwise than people do; the rest is Django's."""

TIME_FORMAT = "H.i"  # 17.05 uur
