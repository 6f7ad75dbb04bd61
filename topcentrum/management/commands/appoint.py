"""`manage.py appoint`: give a person the role with which a portal begins."""

from argparse import ArgumentParser
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from accounts.models import User
from education.models import School, StaffMember


class Command(BaseCommand):
    help = (
        "Make somebody coordinator of a school, or project lead. The person signs in with a code "
        "that is sent to the address."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """An address, and one role."""
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="as others see it")
        role = parser.add_mutually_exclusive_group(required=True)
        role.add_argument("--coordinator", metavar="SCHOOL", help="slug of the school")
        role.add_argument("--lead", action="store_true", help="project lead of the region")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make or find the user, and add the role."""
        email = options["email"].strip().lower()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email!r} is not an e-mail address.") from error
        with transaction.atomic():
            user = User.objects.filter(email=email).first() or User.objects.create_user(email)
            if options["name"]:
                user.name = options["name"]
            user.is_project_lead = user.is_project_lead or options["lead"]
            user.save(update_fields=["name", "is_project_lead"])
            EmailAddress.objects.update_or_create(
                user=user, email=email, defaults={"verified": True, "primary": True}
            )
            if options["coordinator"]:
                self._coordinate(user, options["coordinator"])
        role = "project lead" if options["lead"] else f"coordinator of {options['coordinator']}"
        self.stdout.write(f"{user} is {role} now.")

    def _coordinate(self, user: User, slug: str) -> None:
        school = School.objects.filter(slug=slug).first()
        if school is None:
            known = ", ".join(School.objects.values_list("slug", flat=True))
            raise CommandError(
                f"There is no school {slug!r}. Known: {known or 'none; run load_reference first'}."
            )
        StaffMember.objects.get_or_create(
            user=user, school=school, role=StaffMember.Role.COORDINATOR
        )
