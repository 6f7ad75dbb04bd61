"""A company registers itself: the sign-up page of allauth, with a company to it."""

from allauth.account.utils import complete_signup
from allauth.account.views import SignupView
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from companies.actions import register_company
from companies.forms import TAKEN, CompanySignupForm
from companies.queries import is_registered


class CompanySignup(SignupView):
    """Makes the user and the company, or neither."""

    form_class = CompanySignupForm

    def form_valid(self, form: CompanySignupForm) -> HttpResponse:
        """Register. An address that has an account already gets the same page as any other, and
        a letter from allauth; no company is made for it."""
        if form.account_already_exists:
            return super().form_valid(form)
        try:
            self.user = _register(self.request, form)
        except IntegrityError:
            # Since the form was checked, somebody else registered this company, or this address.
            if is_registered(form.cleaned_data["kvk"]):
                form.add_error("kvk", TAKEN)
                return self.form_invalid(form)
            form.validate_unique_email(form.cleaned_data["email"])
            if not form.account_already_exists:
                raise
            return super().form_valid(form)
        return complete_signup(
            self.request, self.user, email_verification=None, success_url=self.get_success_url()
        )

    def form_invalid(self, form: CompanySignupForm) -> HttpResponse:
        """Say what is wrong."""
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 422
        return response


def _register(request: HttpRequest, form: CompanySignupForm) -> User:
    with transaction.atomic():
        user: User = form.save(request)
        register_company(
            kvk=form.cleaned_data["kvk"],
            name=form.cleaned_data["name"],
            postcode=form.cleaned_data["postcode"],
            by=user,
        )
    return user
