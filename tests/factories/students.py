"""Students and when they can."""

import factory

from students.models import Availability, RosterEntry, Student
from tests.factories.accounts import UserFactory
from tests.factories.education import ProgrammeFactory, SchoolFactory, SeasonFactory
from tests.factories.geo import postcode


class StudentFactory(factory.django.DjangoModelFactory):
    """A student in Zwolle with a complete profile but no season; `empty` for a new one.

    `skills` and `wants` are lists.
    """

    class Meta:
        model = Student
        skip_postgeneration_save = True

    class Params:
        empty = factory.Trait(postcode=None, max_km=None)

    user = factory.SubFactory(UserFactory)
    programme = factory.SubFactory(ProgrammeFactory)
    postcode = factory.LazyFunction(postcode)
    max_km = 25

    @factory.post_generation
    def skills(self, create: bool, extracted: list[object] | None) -> None:
        if create and extracted:
            self.skills.set(extracted)

    @factory.post_generation
    def wants(self, create: bool, extracted: list[object] | None) -> None:
        if create and extracted:
            self.wants.set(extracted)


class AvailabilityFactory(factory.django.DjangoModelFactory):
    """A student who seeks a place in the whole season, five days a week."""

    class Meta:
        model = Availability

    student = factory.SubFactory(StudentFactory)
    season = factory.SubFactory(SeasonFactory)
    starts_on = factory.LazyAttribute(lambda row: row.season.starts_on)
    ends_on = factory.LazyAttribute(lambda row: row.season.ends_on)
    days = 5


class RosterEntryFactory(factory.django.DjangoModelFactory):
    """A student in the roster of a school, without an account."""

    class Meta:
        model = RosterEntry

    school = factory.SubFactory(SchoolFactory)
    number = factory.Sequence(lambda n: f"{90_000 + n}")
    name = factory.Sequence(lambda n: f"Student {n}")
    email = factory.Sequence(lambda n: f"student{n}@school.example")
    programme = factory.LazyAttribute(lambda entry: ProgrammeFactory(school=entry.school))
