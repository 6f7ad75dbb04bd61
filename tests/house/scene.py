"""The region in which doors are tried: everybody has something that others must not see.

Nearly every row carries a word that stands nowhere else, so that a leak can be read off a page.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from unittest.mock import patch

from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from companies import actions as offer_actions
from companies.models import Accreditation, ColleagueInvitation, Member, Offer
from companies.states import (
    CLOSED,
    DRAFT,
    EXPIRED,
    FILLED,
    PAUSED,
    RETURNED,
    SUBMITTED,
)
from education.actions import invite_coordinator
from education.models import CoordinatorInvitation, Season, StaffMember
from matching import notices, states
from matching.actions import rounds
from matching.models import Proposal, Round
from notifications.models import Letter
from students.actions import keep_upload
from students.imports import Sheet, plan_of
from students.models import RosterUpload, Student
from tests.conftest import Cast
from tests.factories.accounts import UserFactory
from tests.factories.companies import MemberFactory, OfferFactory
from tests.factories.education import SeasonFactory, StaffFactory
from tests.factories.geo import postcode
from tests.factories.matching import ProposalFactory, RoundFactory, ranked, seeking_student
from tests.factories.notifications import LetterFactory
from tests.factories.students import RosterEntryFactory

# Everybody who tries the doors, in the order of the reports.
PEOPLE = (
    "nobody",
    "henk",  # an account without a role
    "anouk",  # a student of Deltion
    "bram",  # a student of Windesheim
    "carla",  # a member of Klikwerf
    "dirk",  # a member of its rival
    "els",  # a coordinator of Deltion
    "frits",  # a coordinator of Windesheim
    "gerda",  # the project lead
    "ada",  # a platform administrator
    "isa",  # two roles: a coordinator of Windesheim, and a member of Klikwerf
    "tom",  # a tutor of Deltion
)


ROSTER_COLUMNS = {"number": 0, "name": 1, "email": 2, "programme": 3}
KINDS = ("stage", "opdracht")
OF_SCHOOL = (
    "matching:school",
    "matching:rounds",
    "matching:students",
    "companies:school_offers",
    "students:roster",
    "students:roster_template",
)
OF_UPLOAD = ("students:roster_columns", "students:roster_check", "students:roster_faults")
# Letters by their kind and receiver, the first of each; that to Carla is about Anouk.
LETTERS = {
    "anouk": ("proposal_offered_student", "anouk"),
    "bram": ("proposal_agreed_student", "bram"),
    "carla": ("proposal_offered_company", "carla"),
    "own": ("offer_published", "carla"),
    "code": ("login_code", "anouk"),
    "failed": ("proposal_dropped_student", "anouk"),
}
OF_LETTER = ("matching:letter", "matching:letter_formatted")
OF_ROUND = ("matching:round", "matching:round_status", "matching:why", "matching:by_hand")


@dataclass(frozen=True)
class Scene:
    """The cast, who else came, and every object under the name that the table of doors uses."""

    cast: Cast
    people: dict[str, User | None]
    offers: dict[str, Offer]
    proposals: Mapping[str, Proposal]
    rounds: Mapping[str, Round]
    students: dict[str, Student]
    next_season: Season
    uploads: dict[str, RosterUpload]
    invitations: dict[str, ColleagueInvitation]
    asked: CoordinatorInvitation

    def key(self, name: str) -> object:
        """What stands in an address for the object with this name; other words are themselves."""
        cast = self.cast
        known: dict[str, object] = {
            "klikwerf": cast.klikwerf.pk,
            "school:deltion": cast.deltion.pk,
            "asked:frits": self.asked.pk,
            "token:frits": self.asked.token,
            "rival": cast.rival.pk,
            "season:next": self.next_season.pk,
            "season:start": cast.season.starts_on.isoformat(),
            "season:end": cast.season.ends_on.isoformat(),
            "programme:anouk": cast.anouk.programme.pk,
            **{f"offer:{code}": row.pk for code, row in self.offers.items()},
            **{f"proposal:{code}": row.pk for code, row in self.proposals.items()},
            **{f"round:{code}": row.pk for code, row in self.rounds.items()},
            **{f"student:{code}": row.pk for code, row in self.students.items()},
            **{f"invitation:{code}": row.pk for code, row in self.invitations.items()},
            **{f"token:{code}": row.token for code, row in self.invitations.items()},
            "member:isa": Member.objects.get(user=self.people["isa"]).pk,
            **{f"upload:{code}": row.pk for code, row in self.uploads.items()},
        }
        if name == "file:roster":
            return roster_file("Lies Nieuw")
        if name.startswith("plan:"):
            upload = self.uploads[name.removeprefix("plan:")]
            return plan_of(upload, today=timezone.localdate()).fingerprint
        if name.startswith("letter:"):
            kind, reader = LETTERS[name.removeprefix("letter:")]
            found = Letter.objects.filter(kind=kind, user=self.people[reader])
            return found.order_by("pk").values_list("pk", flat=True)[0]
        return known.get(name, name)

    def links(self, person: str) -> list[str]:
        """Where the links of letters to this person lead."""
        asked = {
            "henk": reverse("companies:invitation", args=[self.invitations["klikwerf"].token]),
            "frits": reverse("education:invitation", args=[self.asked.token]),
        }
        return [asked[person]] if person in asked else []

    def addresses(self) -> list[str]:
        """Where every object shows itself, or might."""
        cast = self.cast
        found = [reverse("account_reset_password_from_key", args=["1", "set-password"])]
        schools = (cast.deltion.slug, cast.windesheim.slug)
        for company in (cast.klikwerf.pk, cast.rival.pk):
            found.append(reverse("matching:company", args=[company]))
            found.append(reverse("companies:details", args=[company]))
            found += [reverse("companies:offer_new", args=[company, k]) for k in KINDS]
        for letter in LETTERS:
            key = self.key(f"letter:{letter}")
            found += [reverse(name, args=[key]) for name in OF_LETTER]
        for offer in self.offers.values():
            company = offer.site.company_id
            found.append(reverse("matching:offer", args=[offer.pk]))
            found.append(reverse("companies:offer", args=[company, offer.pk]))
            found.append(reverse("companies:offer_edit", args=[company, offer.pk]))
            found += [reverse("companies:review", args=[school, offer.pk]) for school in schools]
        for row in self.proposals.values():
            school, company = row.student.programme.school.slug, row.offer.site.company_id
            found.append(reverse("matching:student_proposal", args=[row.pk]))
            found.append(reverse("matching:company_proposal", args=[company, row.pk]))
            found.append(reverse("matching:school_proposal", args=[school, row.pk]))
        for school in schools:
            found += [reverse(name, args=[school]) for name in OF_SCHOOL]
            for upload in self.uploads.values():
                found += [reverse(name, args=[school, upload.pk]) for name in OF_UPLOAD]
        for round_ in self.rounds.values():
            keys = [round_.school.slug, round_.pk]
            found += [reverse(name, args=keys) for name in OF_ROUND]
            pair = f"?student={self.students['dana'].pk}&offer={self.offers['published'].pk}"
            found.append(reverse("matching:why", args=keys) + pair)
        return found


def build_scene(cast: Cast) -> Scene:
    """Offers in every state, proposals in every state, a calculated round of either school, and
    the letters that went with them."""
    _move_students(cast)
    others = _other_students(cast)
    _accredit(cast)
    offers = _offers(cast)
    made_rounds = {
        "deltion": RoundFactory(season=cast.season, school=cast.deltion, created_by=cast.els),
        "windesheim": RoundFactory(
            season=cast.season, school=cast.windesheim, created_by=cast.frits
        ),
    }
    proposals = dict(_proposals(cast, others, offers, made_rounds["deltion"]))
    ranked(cast.anouk, offers["published"])
    ranked(others["dana"], offers["published"])
    ranked(others["evi"], offers["rival"])
    ranked(others["fien"], offers["project"], offers["rival"])
    for code, student in (("deltion", others["dana"]), ("windesheim", others["fien"])):
        calculate(made_rounds[code])
        of_round = Proposal.objects.filter(student=student)
        proposals[f"round:{code}"] = of_round.select_related("offer").get()
    people: dict[str, User | None] = {"nobody": None}
    people |= {name: getattr(cast, name) for name in PEOPLE[1:9]}
    people |= {"anouk": cast.anouk.user, "bram": cast.bram.user, **_more_people(cast)}
    _sign_in_by_code(people.values())
    for name in ("offered", "team:anouk", "rival"):
        notices.proposal_offered(proposals[name])
    for name in ("agreed", "team:bram"):
        notices.proposal_agreed(proposals[name])
    for kind, state in (("login_code", "queued"), ("proposal_dropped_student", "failed")):
        sealed = kind == "login_code"
        user = cast.anouk.user
        LetterFactory(kind=kind, user=user, to=user.email, state=state, sealed=sealed)
    return Scene(
        cast=cast,
        people=people,
        offers=offers,
        proposals=proposals,
        rounds=made_rounds,
        students=others,
        next_season=_next_season(cast),
        uploads=_rosters(cast),
        invitations=_invitations(cast),
        asked=invite_coordinator(cast.deltion, email=cast.frits.email, by=cast.gerda),
    )


def _invitations(cast: Cast) -> dict[str, ColleagueInvitation]:
    """Henk was asked by Klikwerf; its rival asked somebody whom nobody else knows."""
    asks = {
        "klikwerf": (cast.klikwerf, cast.henk.email, cast.carla),
        "rival": (cast.rival, "gevraagd@kanarie-dertig.example", cast.dirk),
    }
    return {
        code: offer_actions.invite_colleague(company, email=email, by=by)
        for code, (company, email, by) in asks.items()
    }


def roster_file(name: str) -> SimpleUploadedFile:
    """A roster with one student, of a programme that both schools of the cast may have."""
    first = name.split()[0].lower()
    lines = [
        "Studentnummer;Naam;E-mail;Opleiding",
        f"0{len(name)}77;{name};{first}@lijst.example;34402",
    ]
    return SimpleUploadedFile("lijst.csv", "\r\n".join(lines).encode())


def _rosters(cast: Cast) -> dict[str, RosterUpload]:
    """Deltion has somebody in its roster without an account; either school has a file under way."""
    RosterEntryFactory(
        school=cast.deltion, programme=cast.anouk.programme, name="Gijs Kanarie-Honderd"
    )
    found = {}
    for school, by, programme, name in (
        (cast.deltion, cast.els, cast.anouk.programme, "Hanna Kanarie-Twaalf"),
        (cast.windesheim, cast.frits, cast.bram.programme, "Ivo Kanarie-Dertien"),
    ):
        sheet = Sheet(
            ["Studentnummer", "Naam", "E-mail", "Opleiding"],
            [(2, ["70001", name, f"{name.split()[0].lower()}@lijst.example", programme.name_nl])],
        )
        upload = keep_upload(school, file_name="lijst.csv", sheet=sheet.pack(), by=by)
        RosterUpload.objects.filter(pk=upload.pk).update(columns=ROSTER_COLUMNS)
        upload.refresh_from_db()
        found[by.name.split()[0].lower()] = upload
    return found


def _next_season(cast: Cast) -> Season:
    """A season for which nobody has begun a round."""
    start = cast.season.ends_on + timedelta(days=7)
    return SeasonFactory(name="Het seizoen daarna", starts_on=start)


def _sign_in_by_code(people: Iterable[User | None]) -> None:
    """Everybody confirmed an address and has no password, as after signing up."""
    for person in people:
        if person is not None:
            person.set_unusable_password()
            person.save()
            EmailAddress.objects.create(
                user=person, email=person.email, primary=True, verified=True
            )


def _more_people(cast: Cast) -> dict[str, User]:
    """Ada, Isa and Tom."""
    ada = UserFactory(
        name="Ada Beheer", email="ada@beheer.example", is_staff=True, is_superuser=True
    )
    isa = UserFactory(name="Isa Dubbel", email="isa@dubbel.example")
    StaffFactory(school=cast.windesheim, user=isa)
    MemberFactory(company=cast.klikwerf, user=isa)
    tom = UserFactory(name="Tom Docent", email="tom@docent.example")
    StaffFactory(school=cast.deltion, user=tom, role=StaffMember.Role.TUTOR)
    return {"ada": ada, "isa": isa, "tom": tom}


def _move_students(cast: Cast) -> None:
    """To places where no company is, so that these words mean a student."""
    for student, pc4 in ((cast.anouk, "7941"), (cast.bram, "8302")):
        Student.objects.filter(pk=student.pk).update(postcode=postcode(pc4), max_km=100)
        student.refresh_from_db()


def _other_students(cast: Cast) -> dict[str, Student]:
    """Class mates: Chris, Dana and Evi at Deltion, Fien at Windesheim."""
    mates = {
        "chris": (cast.anouk, "Chris Kanarie-Zeven"),
        "dana": (cast.anouk, "Dana Kanarie-Acht"),
        "evi": (cast.anouk, "Evi Kanarie-Tien"),
        "fien": (cast.bram, "Fien Kanarie-Negen"),
    }
    found = {}
    for code, (mate, name) in mates.items():
        first, last = name.lower().split()
        found[code] = seeking_student(
            season=cast.season,
            programme=mate.programme,
            user=UserFactory(name=name, email=f"{first}@{last}.example"),
        )
    return found


def _offers(cast: Cast) -> dict[str, Offer]:
    """Of Klikwerf in every state, and some of its rival."""

    def make(word: str, **fields: object) -> Offer:
        site = fields.pop("company", cast.klikwerf).sites.get()  # type: ignore[attr-defined]
        title = f"Stage Titel-{word}"
        return OfferFactory(
            **{"site": site, "season": cast.season, "title": title, "levels": [4, 6], **fields}
        )

    later = timezone.localdate() + timedelta(days=30)
    kept = {"state": SUBMITTED, "earmarked_for": cast.deltion, "earmarked_until": later}
    found = {
        "draft": make("Concept", state=DRAFT),
        "submitted": make("Ingediend", state=SUBMITTED),
        "kept": make("Bewaard", **kept),
        "returned": make("Terug", state=RETURNED, return_reason="Kanarie-Vraag"),
        "published": make("Open", openings=5),
        "second": make("Tweede", openings=5),
        "third": make("Derde", openings=5),
        "project": make("Opdracht", project=True),
        "paused": make("Pauze", state=PAUSED),
        "filled": make("Vol", state=FILLED),
        "closed": make("Dicht", state=CLOSED),
        "expired": make("Voorbij", state=EXPIRED),
        "rival_draft": make("Rivaalconcept", state=DRAFT, company=cast.rival),
        "rival_submitted": make("Rivaalin", state=SUBMITTED, company=cast.rival),
        "rival": make("Rivaalopen", openings=5, company=cast.rival),
    }
    published = make("Persoonlijk", state=SUBMITTED)
    offer_actions.publish_offer(published, by=cast.els)
    return {**found, "published_by_els": published}


def _accredit(cast: Cast) -> None:
    """Klikwerf, and not its rival, may have mbo students of Anouk's programme."""
    Accreditation.objects.create(
        site=cast.klikwerf.sites.get(),
        crebo=cast.anouk.programme.code,
        status=Accreditation.Status.ACCREDITED,
        checked_on=timezone.localdate(),
        source="het register",
    )


def _proposals(
    cast: Cast, others: dict[str, Student], offers: dict[str, Offer], round_: Round
) -> Mapping[str, Proposal]:
    """On offers of Klikwerf: Anouk in every state but agreed, Chris and Bram agreed."""
    wide = (offers["published"], offers["second"], offers["third"])
    at = dict(zip((states.PROPOSED, states.APPROVED, states.OFFERED), wide, strict=True))
    over = (
        states.DROPPED,
        states.SUPERSEDED,
        states.DECLINED,
        states.EXPIRED,
        states.WITHDRAWN,
        states.CANCELLED,
    )
    found = {}
    # In a period of its own: a student with a seat gets no second one in the same weeks.
    after = offers["published"].ends_on + timedelta(days=1)
    later = {"starts_on": after, "ends_on": after + timedelta(days=90)}
    for state in (*over, *at):
        found[state] = ProposalFactory(
            student=cast.anouk,
            **(later if state == states.PROPOSED else {}),
            offer=at.get(state, offers["second"]),
            state=state,
            round=round_ if state in (states.PROPOSED, states.APPROVED) else None,
            reason="Kanarie-Reden" if state == states.DROPPED else "",
            silent_side=Proposal.Side.COMPANY if state == states.EXPIRED else "",
        )
    project = {"offer": offers["project"], "state": states.AGREED}
    return found | {
        "agreed": ProposalFactory(
            student=others["chris"], offer=offers["third"], state=states.AGREED
        ),
        "team:bram": ProposalFactory(student=cast.bram, **project),
        "team:anouk": ProposalFactory(
            student=cast.anouk, offer=offers["project"], state=states.OFFERED
        ),
        "rival": ProposalFactory(student=cast.bram, offer=offers["rival"], state=states.OFFERED),
        "untold": ProposalFactory(student=cast.bram, offer=offers["second"]),
    }


@contextmanager
def _inside_one_transaction() -> Iterator[None]:
    """A test runs inside one, where no other isolation level can be set."""
    with patch.object(rounds, "repeatable_read", nullcontext):
        yield


def calculate(round_: Round) -> None:
    """A run from click to stored proposals, as a worker does."""
    rounds.start_run(round_, by=round_.created_by)
    run = rounds.claim_run()
    assert run is not None
    with _inside_one_transaction():
        rounds.execute(run, today=timezone.localdate())
    run.refresh_from_db()
    assert run.state == states.DONE, run.trouble
    assert run.figures["placed"], "the round placed nobody, so that there is nothing to leak"
