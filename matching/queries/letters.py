"""Which letters somebody may see, and of which the words."""

from django.db.models import BooleanField, Case, Q, QuerySet, When

from accounts.models import User
from education.access import is_coordinator
from education.queries import coordinated_schools
from notifications.models import Letter
from students.models import Student


def can_see_letters(user: User) -> bool:
    """Coordinators and the project lead answer for letters."""
    return user.is_active and (user.is_project_lead or is_coordinator(user))


def letters_visible_to(user: User) -> QuerySet[Letter]:
    """A coordinator sees the own letters, those to students of the own schools and those about
    them; the project lead sees that there is a letter, whoever it is for.

    `readable` says whether its words may be shown: never when it opens an account, and what is
    about a student only to the own school. `receiver_is_shown`: a student is known to the own
    school only.
    """
    if not can_see_letters(user):
        return Letter.objects.none()
    schools = coordinated_schools(user)
    students = Student.objects.filter(programme__school__in=schools)
    close = Q(user=user) | Q(desk__in=schools.values("slug")) | Q(user__in=students.values("user"))
    to_student = Q(user__in=Student.objects.values("user"))
    found = Letter.objects.all() if user.is_project_lead else Letter.objects.filter(close)
    return found.annotate(
        receiver_is_shown=_whether(close | ~to_student),
        readable=_whether(Q(sealed=False) & (close | Q(desk="") & ~to_student)),
    )


def _whether(condition: Q) -> Case:
    """As a column: true or false, also where the condition is neither."""
    return Case(When(condition, then=True), default=False, output_field=BooleanField())
