"""People."""

import factory

from accounts.models import User


class UserFactory(factory.django.DjangoModelFactory):
    """A person who signs in by code."""

    class Meta:
        model = User

    class Params:
        lead = factory.Trait(is_project_lead=True)

    name = factory.Sequence(lambda n: f"Persoon {n}")
    email = factory.Sequence(lambda n: f"persoon{n}@voorbeeld.example")
