"""Schools, programmes, seasons, skills and staff."""

from datetime import timedelta

import factory
from django.utils import timezone

from education.models import HBO_LEVEL, Programme, School, Season, Skill, StaffMember
from tests.factories.accounts import UserFactory
from tests.factories.geo import postcode


class SchoolFactory(factory.django.DjangoModelFactory):
    """A school in Zwolle."""

    class Meta:
        model = School
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda n: f"school-{n}")
    name = factory.LazyAttribute(lambda school: f"{school.slug.title()} College")
    short_name = factory.LazyAttribute(lambda school: school.slug.title())
    sector = "mbo"
    postcode = factory.LazyFunction(postcode)


class SkillFactory(factory.django.DjangoModelFactory):
    """A skill."""

    class Meta:
        model = Skill
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda n: f"skill-{n}")
    label_nl = factory.LazyAttribute(lambda skill: f"Vaardigheid {skill.slug}")
    label_en = factory.LazyAttribute(lambda skill: f"Skill {skill.slug}")
    category = "webshop"


class ProgrammeFactory(factory.django.DjangoModelFactory):
    """An hbo programme, so that accreditation plays no part; `mbo` for one with a crebo."""

    class Meta:
        model = Programme

    class Params:
        mbo = factory.Trait(level=4, code_type="crebo", code="25998", pathway="BOL")
        mbo_unknown = factory.Trait(level=4, code_type="crebo", code="", pathway="BOL")

    school = factory.SubFactory(SchoolFactory)
    name_nl = factory.Sequence(lambda n: f"Opleiding {n}")
    name_en = factory.Sequence(lambda n: f"Programme {n}")
    level = HBO_LEVEL
    pathway = "voltijd"
    code_type = "isat"
    code = "34402"
    weeks = 20
    days_per_week = 4
    hours = 640


class SeasonFactory(factory.django.DjangoModelFactory):
    """A half-year season that starts in two months."""

    class Meta:
        model = Season
        django_get_or_create = ("name",)

    name = "Volgend seizoen"
    starts_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=60))
    ends_on = factory.LazyAttribute(lambda season: season.starts_on + timedelta(weeks=22))


class StaffFactory(factory.django.DjangoModelFactory):
    """A coordinator."""

    class Meta:
        model = StaffMember

    user = factory.SubFactory(UserFactory)
    school = factory.SubFactory(SchoolFactory)
    role = StaffMember.Role.COORDINATOR
