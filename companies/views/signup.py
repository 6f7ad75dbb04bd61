"""A company registers itself: the sign-up page of allauth, with a company to it."""

from typing import cast

from allauth.account.internal.stagekit import get_pending_stage
from allauth.account.utils import complete_signup
from allauth.account.views import SignupView
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from companies.actions import Refused, register_again, register_company
from companies.forms import TAKEN, CompanySignupForm
from companies.queries import companies_of, is_registered


class CompanySignup(SignupView):
    """Makes the user and the company, or neither."""

    form_class = CompanySignupForm

    def form_valid(self, form: CompanySignupForm) -> HttpResponse:
        """Register. An address that has an account already gets the same page as any other, and
        a letter from allauth; no company is made for it. An address that nobody proved yet is
        signed up again, with what is typed now."""
        if form.account_already_exists:
            return cast(HttpResponse, super().form_valid(form))
        if _says_the_same(form) and _awaits_its_code(self.request, form.again):
            return redirect("account_email_verification_sent")
        try:
            self.user = _register(self.request, form)
        except (IntegrityError, Refused):
            return self._look_again(form)
        return cast(
            HttpResponse,
            complete_signup(
                self.request,
                self.user,
                email_verification=None,
                success_url=self.get_success_url() or _first_offer(self.user),
            ),
        )

    def _look_again(self, form: CompanySignupForm) -> HttpResponse:
        """Since the form was checked, somebody else registered this company, or this address."""
        form.validate_unique_email(form.cleaned_data["email"])
        if is_registered(form.cleaned_data["kvk"], besides=form.own):
            form.add_error("kvk", TAKEN)
            return self.form_invalid(form)
        if not form.account_already_exists and form.again is None:
            raise RuntimeError("a sign-up was refused, and nothing is in its way")
        return self.form_valid(form)

    def form_invalid(self, form: CompanySignupForm) -> HttpResponse:
        """Say what is wrong."""
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 422
        return response


def _first_offer(user: User) -> str:
    """What comes after the code: the stage for which the company came."""
    company = companies_of(user)[0]
    return reverse("companies:offer_new", args=[company.pk, "stage"])


def _says_the_same(form: CompanySignupForm) -> bool:
    """Whether the form was sent twice: nothing in it is new."""
    if form.own is None:
        return False
    known = form.company()
    return (form.own.kvk, form.own.name) == (known["kvk"], known["name"]) and (
        form.own.sites.filter(postcode=known["postcode"]).exists()
    )


def _awaits_its_code(request: HttpRequest, user: User | None) -> bool:
    stage = get_pending_stage(request)
    return stage is not None and user is not None and stage.login.user == user


def _register(request: HttpRequest, form: CompanySignupForm) -> User:
    with transaction.atomic():
        if form.again is not None:
            register_again(**form.company(), by=form.again)
            return form.again
        user: User = form.save(request)
        register_company(**form.company(), by=user)
    return user
