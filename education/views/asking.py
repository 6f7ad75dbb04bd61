"""What pages of every room ask first: who is it, and do they coordinate this school?"""

from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from accounts.models import User
from education.models import School
from education.queries import staffed_schools

# Where a form is sent. Whoever comes without one, by a bookmark or the history of a browser, is led
# to the page on which it stands; outsiders find nothing there, as ever.
takes_form = require_http_methods(["GET", "HEAD", "POST"])


def user_of(request: HttpRequest) -> User:
    """The person who is signed in; the middleware lets nobody else through."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def school_of(request: HttpRequest, slug: str) -> School:
    """The school in the address, for its coordinators; 404 for outsiders, 403 for its tutors."""
    school: Any = get_object_or_404(staffed_schools(user_of(request)), slug=slug)
    if not school.coordinates:
        raise PermissionDenied
    return cast(School, school)
