"""The one way up: rooms above listen to what happens to an offer."""

from django.dispatch import Signal

# Sent in the transaction that closes an offer, before it is closed: `offer`, `by`, `reason`.
offer_closing = Signal()
