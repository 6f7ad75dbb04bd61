"""What happens to companies and their offers: one verb, one transaction, one history row."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.actions import invited, last_day_to_accept, moving, renew, use
from accounts.models import CLOCK, By, User
from companies import notices, queries
from companies.models import (
    Accreditation,
    ColleagueInvitation,
    Company,
    Member,
    Offer,
    Site,
)
from companies.signals import offer_closing
from companies.states import LIVE, OFFER, PAUSED, PUBLISHED
from education.models import Skill
from geo.models import Postcode


class Refused(Exception):
    """A move that is not possible (any more). `code` says why; words are made elsewhere."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def register_company(*, kvk: str, name: str, postcode: Postcode, by: User) -> Company:
    """A new company with one site; `by` becomes its administrator. An abandoned registration
    with the same number gives way: otherwise one mistyped address would block a company for good.

    Raises IntegrityError when the number stands there already.
    """
    with transaction.atomic():
        queries.abandoned_companies(kvk).delete()
        company = Company.objects.create(kvk=kvk, name=name)
        Site.objects.create(company=company, postcode=postcode)
        Member.objects.create(company=company, user=by, is_admin=True)
    return company


def register_again(*, kvk: str, name: str, postcode: Postcode, by: User) -> Company:
    """Who signed up before and never came in, signs up again: what is typed now counts, because
    nobody has proven yet that the address is theirs.

    Raises Refused: address_is_proven; IntegrityError when the number stands there already.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        if not queries.never_came().filter(pk=by.pk).exists():
            raise Refused("address_is_proven")
        own = queries.signed_up_before(by).first()
        if own is None:
            return register_company(kvk=kvk, name=name, postcode=postcode, by=by)
        Company.objects.filter(pk=own.pk).update(created_at=Now())  # it waits for its code anew
        return change_company(own, kvk=kvk, name=name, postcode=postcode)


def change_company(company: Company, *, kvk: str, name: str, postcode: Postcode) -> Company:
    """Correct what a company said of itself. Number and postcode stand fast from the first offer
    that was published: schools looked it up by them, and students chose by distance.

    Raises Refused: company_is_known; IntegrityError when the number stands there already.
    """
    with transaction.atomic():
        company = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
        site = company.sites.select_for_update(no_key=True).order_by("pk")[0]
        if kvk != company.kvk or postcode != site.postcode:
            if queries.was_published(company):
                raise Refused("company_is_known")
            # What was looked up was of another number, or of another place.
            Accreditation.objects.filter(site__company=company).delete()
            queries.abandoned_companies(kvk).exclude(pk=company.pk).delete()
            _move_site(site, postcode)
        company.kvk, company.name = kvk, name
        company.save(update_fields=["kvk", "name"])
    return company


def limit_guidance(company: Company, guides_at_most: int | None) -> None:
    """How many students the company can guide at once, over all it offers; None is no limit."""
    Company.objects.filter(pk=company.pk).update(guides_at_most=guides_at_most)


def _move_site(site: Site, postcode: Postcode) -> None:
    """Drafts go along; where the company has a site already, the two become one."""
    there = Site.objects.filter(company=site.company, postcode=postcode).exclude(pk=site.pk).first()
    if there is None:
        Site.objects.filter(pk=site.pk).update(postcode=postcode)
    else:
        site.offers.update(site=there)
        site.delete()


def _move(offer: Offer, name: str, target: str, *, by: By, reason: str = "", **also: Any) -> None:
    """One conditional UPDATE: the move happens from a state that allows it, or not at all."""
    with moving(name, by=by, reason=reason):
        moved = Offer.objects.filter(pk=offer.pk, state__in=OFFER.sources(name)).update(
            state=target, **also
        )
    if not moved:
        raise Refused("offer_moved_on")
    offer.refresh_from_db()


def _event(offer: Offer) -> str:
    """Names this pass through the lifecycle, so that each has letters of its own."""
    return offer.submitted_at.isoformat() if offer.submitted_at else ""


def site_at(company: Company, postcode: Postcode) -> Site:
    """The company's site in a postcode area, made when it is not there yet."""
    return Site.objects.get_or_create(company=company, postcode=postcode)[0]


def create_offer(
    offer: Offer,
    *,
    programmes: Iterable[Any] = (),
    skills: Iterable[Skill] = (),
    submit: bool = False,
    by: User,
) -> Offer:
    """Store a new offer, filled in but not yet stored, as a draft, or hand it in at once.

    Raises Refused: offer_stands_already, when the same form made an offer before.
    """
    try:
        with transaction.atomic():
            with moving("create", by=by):
                offer.save(force_insert=True)
            offer.programmes.set(programmes)
            offer.skills.set(skills)
            if submit:
                submit_offer(offer, by=by)
    except IntegrityError:
        if offer.form_token and Offer.objects.filter(form_token=offer.form_token).exists():
            raise Refused("offer_stands_already") from None
        raise
    return offer


def change_offer(
    offer: Offer,
    changes: dict[str, Any],
    *,
    programmes: Iterable[Any] = (),
    skills: Iterable[Skill] = (),
    submit: bool = False,
    by: User,
) -> Offer:
    """Rewrite a draft, or a returned offer, which becomes a draft again; or hand it in at once."""
    with transaction.atomic():
        if offer.state == Offer.State.RETURNED:
            _move(offer, "revise", Offer.State.DRAFT, by=by)
        changed = Offer.objects.filter(pk=offer.pk, state=Offer.State.DRAFT).update(**changes)
        if not changed:
            raise Refused("offer_moved_on")
        offer.refresh_from_db()
        offer.programmes.set(programmes)
        offer.skills.set(skills)
        if submit:
            submit_offer(offer, by=by)
    return offer


def submit_offer(offer: Offer, *, by: User) -> None:
    """Hand a draft to the coordinators; the company gets a letter."""
    with transaction.atomic():
        _move(offer, "submit", Offer.State.SUBMITTED, by=by, submitted_at=Now(), return_reason="")
        notices.offer_submitted(offer, event=_event(offer))


def return_offer(offer: Offer, *, reason: str, by: User) -> None:
    """Send a submitted offer back to the company, with what has to change."""
    with transaction.atomic():
        _move(offer, "return", Offer.State.RETURNED, by=by, reason=reason, return_reason=reason)
        notices.offer_returned(offer, event=_event(offer), by=by)


def publish_offer(offer: Offer, *, confirm_accreditation: bool = False, by: User) -> None:
    """Let students see a submitted offer; the company gets a letter.

    With `confirm_accreditation` the coordinator vouches for programmes whose code is not known.
    """
    also: dict[str, Any] = {"published_at": Now()}
    if confirm_accreditation:
        also["accreditation_confirmed_at"] = Now()
    with transaction.atomic():
        _move(offer, "publish", Offer.State.PUBLISHED, by=by, **also)
        notices.offer_published(offer, event=_event(offer))


def record_accreditations(site: Site, crebos: Iterable[str], *, today: date, by: User) -> None:
    """Write down that a coordinator looked a site up and found it accredited for these codes."""
    Accreditation.objects.bulk_create(
        [
            Accreditation(
                site=site,
                crebo=crebo,
                status=Accreditation.Status.ACCREDITED,
                checked_on=today,
                source=str(by)[:100],
            )
            for crebo in crebos
        ],
        update_conflicts=True,
        unique_fields=["site", "crebo"],
        update_fields=["status", "checked_on", "source"],
    )


def confirm_accreditation(offer: Offer) -> None:
    """A coordinator vouches for the programmes of an offer whose code is not known; the first
    time counts."""
    Offer.objects.filter(pk=offer.pk, accreditation_confirmed_at=None).update(
        accreditation_confirmed_at=Now()
    )


def pause_offer(offer: Offer, *, by: By) -> None:
    """Hide a published offer from students and rounds; what is under way goes on."""
    with transaction.atomic():
        _move(offer, "pause", Offer.State.PAUSED, by=by)


def resume_offer(offer: Offer, *, by: By) -> None:
    """Show a paused offer again; it is full at once when all its seats are held."""
    with transaction.atomic():
        _move(offer, "resume", Offer.State.PUBLISHED, by=by)
        _fill_if_full(offer.pk)


def close_offer(offer: Offer, *, reason: str, by: By) -> None:
    """Close an offer for good; the company gets a letter. Open proposals on it are withdrawn in the
    same transaction.

    Listeners come first: they lock students before offers, as everywhere.
    """
    with transaction.atomic():
        offer_closing.send(sender=Offer, offer=offer, by=by, reason=reason)
        _move(offer, "close", Offer.State.CLOSED, by=by, reason=reason)
        notices.offer_closed(offer, event=_event(offer), reason=reason)


def expire_offers(*, today: date) -> list[Offer]:
    """End every offer whose period is over; the company is told. Open proposals go with it."""
    over = Offer.objects.filter(state__in=LIVE, ends_on__lt=today).order_by("pk")
    expired = []
    for offer in over.select_related("site__company"):
        try:
            with transaction.atomic():
                offer_closing.send(sender=Offer, offer=offer, by=CLOCK, reason="")
                _move(offer, "expire", Offer.State.EXPIRED, by=CLOCK)
                notices.offer_expired(offer, event=_event(offer))
        except Refused:
            continue  # somebody closed it just now
        expired.append(offer)
    return expired


def take_seats(offer_id: int, seats: int = 1) -> bool:
    """Hold seats if that many are free; False when they are not, or the offer is not to be had.

    Only proposal actions call this, with the offer's row locked.
    """
    taken = Offer.objects.filter(
        pk=offer_id, state__in=(PUBLISHED, PAUSED), held__lte=F("openings") - seats
    ).update(held=F("held") + seats)
    if taken:
        _fill_if_full(offer_id)
    return bool(taken)


def free_seats(offer_id: int, seats: int = 1) -> None:
    """Let go of held seats; a full offer is open again. Only proposal actions call this."""
    with moving("free", by=CLOCK):
        freed = Offer.objects.filter(pk=offer_id, state=Offer.State.FILLED).update(
            state=Offer.State.PUBLISHED, held=F("held") - seats
        )
    if not freed:
        Offer.objects.filter(pk=offer_id).update(held=F("held") - seats)


def retire_openings(offer_id: int, number: int, *, by: By) -> None:
    """Take openings off the market that are not there any more. Where none would be left beside
    the seats that are held, or a project has lost its place, the offer is paused instead: the
    company opens it again, or closes it. Only proposal actions call this, after `free_seats`."""
    offer = Offer.objects.get(pk=offer_id)
    left = offer.openings - number
    if offer.is_project or left < max(1, offer.held):
        with moving("pause", by=by):
            Offer.objects.filter(pk=offer_id, state=PUBLISHED).update(state=PAUSED)
    else:
        Offer.objects.filter(pk=offer_id).update(openings=left)
        _fill_if_full(offer_id)


def _fill_if_full(offer_id: int) -> None:
    with moving("fill", by=CLOCK):
        Offer.objects.filter(pk=offer_id, state=Offer.State.PUBLISHED, held=F("openings")).update(
            state=Offer.State.FILLED
        )


# --- Colleagues ------------------------------------------------------------------------------


def invite_colleague(company: Company, *, email: str, by: User) -> ColleagueInvitation:
    """Ask somebody by letter to act for the company too. Who was asked before gets a new link.

    Raises Refused: is_colleague.
    """
    with transaction.atomic():
        _hold(company)
        user = invited(email)
        if Member.objects.filter(company=company, user=user).exists():
            raise Refused("is_colleague")
        before = queries.open_invitations(company).filter(user=user).first()
        if before is not None:
            return send_invitation_again(before)
        found = ColleagueInvitation.objects.create(
            company=company, user=user, invited_by=by, expires_at=last_day_to_accept()
        )
        notices.colleague_invited(found)
    return found


def send_invitation_again(invitation: ColleagueInvitation) -> ColleagueInvitation:
    """A new letter with a new link; the one before works no longer.

    Raises Refused: invitation_answered.
    """
    with transaction.atomic():
        if not renew(invitation):
            raise Refused("invitation_answered")
        notices.colleague_invited(invitation)
    return invitation


def accept_invitation(invitation: ColleagueInvitation, *, by: User) -> None:
    """`by`, who was asked, acts for the company from now on.

    Raises Refused: invitation_answered, also when time ran out.
    """
    with transaction.atomic():
        _hold(invitation.company)
        if invitation.user_id != by.pk or not use(invitation):
            raise Refused("invitation_answered")
        Member.objects.get_or_create(company=invitation.company, user=by)


def remove_colleague(member: Member) -> None:
    """Somebody acts for the company no longer. When no administrator is left, those who came in
    last are asked who takes over.

    Raises Refused: only_colleague, because somebody has to answer for what the company offers.
    """
    with transaction.atomic():
        company = _hold(member.company)
        others = company.members.exclude(pk=member.pk)
        if not others.exists():
            raise Refused("only_colleague")
        gone, _rows = Member.objects.filter(pk=member.pk).delete()
        if gone and not others.filter(is_admin=True).exists():
            notices.company_without_admin(company, event=str(member.pk))


def take_over(company: Company, *, by: User) -> None:
    """A member becomes administrator of a company that has none.

    Raises Refused: has_administrator.
    """
    with transaction.atomic():
        members = _hold(company).members
        if members.filter(is_admin=True).exclude(user=by).exists():
            raise Refused("has_administrator")
        members.filter(user=by).update(is_admin=True)


def ask_access(kvk: str, *, email: str, day: date) -> None:
    """Tell the administrators of the company with this number that somebody wants to take part.
    Whether there is one, and who they are, stays between us."""
    with transaction.atomic():
        company = Company.objects.filter(kvk=kvk).first()
        if company is not None:
            notices.access_asked(company, email=email, day=day)


def _hold(company: Company) -> Company:
    """Changes of who acts for a company happen one after another."""
    return Company.objects.select_for_update(no_key=True).get(pk=company.pk)
