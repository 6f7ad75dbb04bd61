"""Send what stands in the outbox: claim a batch, send, record, with a lease on every letter.

A worker that dies between sending and recording leaves a lease that runs out; another sends the
letter again with the same Message-ID. Exactly once is impossible over SMTP; lost is worse than
twice.

Trouble with a letter is that letter's, and trouble with a domain that domain's (`setbacks`).
Trouble with the mail server itself (away, hanging, our password wrong) says nothing of any letter:
all wait a little, none fails, and this walk ends.
"""

from notifications.delivery.leasing import LEASE, claim
from notifications.delivery.posting import message_id
from notifications.delivery.postman import deliver_waiting
from notifications.delivery.setbacks import waiting_time

__all__ = ["LEASE", "claim", "deliver_waiting", "message_id", "waiting_time"]
