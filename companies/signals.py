"""The one way up: rooms above listen to what happens to an offer."""

from django.dispatch import Signal

# Sent inside the transaction that closes an offer, with `offer`, `by` and `reason`.
offer_closed = Signal()
