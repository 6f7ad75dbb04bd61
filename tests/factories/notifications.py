"""Letters as they stand in the outbox."""

import factory

from notifications.models import Letter


class LetterFactory(factory.django.DjangoModelFactory):
    """A letter that waits to be sent."""

    class Meta:
        model = Letter

    key = factory.Sequence(lambda n: f"test:{n}")
    kind = "test"
    to = factory.Sequence(lambda n: f"lezer{n}@voorbeeld.example")
    subject = factory.Sequence(lambda n: f"Brief {n}")
    text = "Dag,\n\nDit is een brief.\n"
    html = "<p>Dag,</p><p>Dit is een brief.</p>"
