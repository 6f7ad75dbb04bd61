"""Which students, and which of them are ready for a round."""

from django.db.models import Q, QuerySet

from accounts.models import User
from education.models import School, Season
from education.queries import coordinated_schools
from students.models import Availability, RosterUpload, Student

# What a profile needs before the engine can place its student.
INCOMPLETE = (
    Q(student__postcode__isnull=True)
    | Q(student__max_km__isnull=True)
    | Q(starts_on__isnull=True)
    | Q(ends_on__isnull=True)
    | Q(days__isnull=True)
)


def visible_to(user: User) -> QuerySet[Student]:
    """A student sees itself; a coordinator the students of the own schools; others nobody."""
    return Student.objects.filter(
        Q(user=user) | Q(programme__school__in=coordinated_schools(user))
    ).distinct()


def seeking(season: Season, school: School | None = None) -> QuerySet[Availability]:
    """Who seeks a place in `season`: the availability rows of active students who have not left
    their school, with student."""
    found = Availability.objects.filter(
        season=season,
        student__user__is_active=True,
        student__roster_entry__left_on__isnull=True,
    )
    if school is not None:
        found = found.filter(student__programme__school=school)
    return found.select_related("student__user", "student__programme__school").order_by("student")


def complete(season: Season, school: School | None = None) -> QuerySet[Availability]:
    """Those of `seeking` whose profile is filled in."""
    return seeking(season, school).exclude(INCOMPLETE)


def incomplete(season: Season, school: School | None = None) -> QuerySet[Availability]:
    """Those of `seeking` whose profile still misses something."""
    return seeking(season, school).filter(INCOMPLETE)


def says_nothing_of_skills(student: Student) -> bool:
    """Whether the profile names neither a skill that is there nor one to learn."""
    return not (student.skills.exists() or student.wants.exists())


def missing_fields(student: Student, availability: Availability | None) -> list[str]:
    """Codes of what a profile still needs: season, postcode, max_km, period, days."""
    missing = []
    if student.postcode_id is None:
        missing.append("postcode")
    if student.max_km is None:
        missing.append("max_km")
    if availability is None:
        missing.append("season")
    else:
        if availability.starts_on is None or availability.ends_on is None:
            missing.append("period")
        if availability.days is None:
            missing.append("days")
    return missing


def uploads_of(user: User, school: School) -> QuerySet[RosterUpload]:
    """Rosters of a school that this coordinator sent in; nobody works on those of a colleague."""
    own = RosterUpload.objects.filter(uploaded_by=user, school=school)
    return own.select_related("school")


def latest_roster(school: School) -> RosterUpload | None:
    """The roster that was taken over last, without what stood in it."""
    done = RosterUpload.objects.filter(school=school, applied_at__isnull=False)
    return done.defer("sheet").select_related("uploaded_by").order_by("-applied_at").first()
