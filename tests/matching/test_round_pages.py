"""A coordinator's rounds: make, run, read, approve, send, ask why, propose by hand."""

from datetime import date

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from companies import actions as offers
from companies import states as offer_states
from matching import reasons, states
from matching.actions import answers, approval, ending, rankings, rounds
from matching.models import Proposal, Round, Run
from notifications.models import Letter
from students.models import Availability
from tests.conftest import Cast, client_of
from tests.factories.companies import OfferFactory
from tests.factories.education import ProgrammeFactory, StaffFactory
from tests.factories.geo import postcode
from tests.factories.matching import ProposalFactory, RoundFactory, ranked, seeking_student
from tests.matching.conftest import Calculate, MakeOffer
from tests.matching.pages import TOO_BIG, read, refused, send, words_of
from tests.matching.reading import state_of
from tests.matching.running import classmate

pytestmark = pytest.mark.django_db

STUDENT, COMPANY = Proposal.Side.STUDENT, Proposal.Side.COMPANY


# --- a coordinator --------------------------------------------------------------------------------


def test_a_coordinator_begins_a_round_and_only_one(cast: Cast, frits: Client) -> None:
    slug = cast.windesheim.slug
    page = send(frits, "rounds", slug, season=cast.season.pk)
    assert "Dit gaat er straks in" in page
    colleague = client_of(StaffFactory(school=cast.windesheim).user)
    assert "Er loopt al een ronde" in send(colleague, "rounds", slug, season=cast.season.pk)
    again = send(frits, "rounds", slug, season=cast.season.pk)
    assert "Dit gaat er straks in" in again, "the same form once more leads to the same round"
    assert "Er loopt al een ronde" not in again
    assert Round.objects.get().created_by == cast.frits


def test_a_round_needs_a_season_that_exists(cast: Cast, frits: Client) -> None:
    for season in ("", "0", "-1", "abc", str(TOO_BIG), "\x00"):
        refused(frits, "rounds", cast.windesheim.slug, season=season)
        assert not Round.objects.exists(), season


def test_a_round_is_not_run_while_there_is_nothing_to_divide(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    args = (cast.windesheim.slug, round_.pk)
    assert "Er zijn geen vrije plekken." in read(frits, "round", *args)
    assert "Er valt nog niets te verdelen" in send(frits, "run", *args)
    at_klikwerf()
    Availability.objects.all().delete()
    assert "Er zijn geen studenten die meedoen." in read(frits, "round", *args)
    assert "Er valt nog niets te verdelen" in send(frits, "run", *args)
    assert not Run.objects.exists()


def test_the_page_shows_that_it_runs_and_then_what_came_out(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer, today: date
) -> None:
    offer = at_klikwerf(title="Webshop verbouwen")
    rankings.add_wish(cast.bram, offer)
    args = (cast.windesheim.slug, round_.pk)
    status = reverse("matching:round_status", args=args)
    read(frits, "round_status", *args, status=404)
    assert "De ronde staat in de wachtrij" in send(frits, "run", *args)
    assert "De ronde staat in de wachtrij" in send(frits, "run", *args)
    assert Run.objects.count() == 1
    waiting = frits.get(status, headers={"HX-Request": "true"})
    assert "hx-get" in waiting.content.decode()
    assert "<html" not in waiting.content.decode()
    run = rounds.claim_run()
    assert run is not None
    assert "De ronde wordt berekend" in read(frits, "round", *args)
    Run.objects.update(progress=40)
    assert "40 procent" in read(frits, "round", *args)
    for seen, speaks in (("running-0", True), ("running-1", False)):
        answer = frits.get(f"{status}?seen={seen}", headers={"HX-Request": "true"})
        assert ("running-said" in answer.content.decode()) == speaks, seen
        assert 'value="40"' in answer.content.decode()
    rounds.execute(run, today=today)
    assert frits.get(status, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert frits.get(status).status_code == 302
    page = read(frits, "round", *args)
    assert "1 kregen een voorstel" in page
    assert "Bram Kanarie-Twee" in page
    assert "Webshop verbouwen" in page
    assert "Keur alle 1" not in page


@pytest.mark.parametrize("effort", Run.Effort.values)
def test_the_coordinator_chooses_how_much_effort_it_is_worth(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer, effort: str
) -> None:
    ranked(cast.bram, at_klikwerf())
    args = (cast.windesheim.slug, round_.pk)
    page = read(frits, "round", *args)
    for name, meaning in reasons.EFFORTS.values():
        assert f"{name} {meaning}" in page
    send(frits, "run", *args, effort=effort)
    assert Run.objects.get().effort == effort


def test_an_effort_that_does_not_exist_is_refused_and_none_is_the_usual(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    ranked(cast.bram, at_klikwerf())
    args = (cast.windesheim.slug, round_.pk)
    for junk in ("best", "\x00", "quick,exact", "9" * 400):
        assert "Kies hoe het portaal rekent" in send(frits, "run", *args, effort=junk)
    assert not Run.objects.exists()
    send(frits, "run", *args)
    assert Run.objects.get().effort == "standard"


def test_the_outcome_says_how_it_was_calculated_and_what_was_possible(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    """Three students, of whom two want the same place, and nothing else."""
    offer, other = at_klikwerf(title="Geliefd"), at_klikwerf(title="Rustig")
    for student, wish in ((cast.bram, offer), (classmate(cast), offer), (classmate(cast), other)):
        ranked(student, wish)
    Availability.objects.update(beyond_list=False)
    calculate()
    page = read(frits, "round", cast.windesheim.slug, round_.pk)
    assert "Zo is gerekend: standaard. Meer dan 2 is niet mogelijk met deze plekken." in page
    assert "De ronde vond er zoveel" in page
    shortage = page[page.index("Waar plekken tekort zijn") :]
    assert "Geliefd Klikwerf Kanarie-Drie 2 1 1" in shortage
    assert "Waar één extra plek een student helpt (1)" in shortage
    assert "Rustig" not in shortage[: shortage.index("Dit gaat er nu in")]


def test_a_place_that_is_not_on_the_list_is_called_so_everywhere(
    cast: Cast,
    frits: Client,
    bram: Client,
    round_: Round,
    at_klikwerf: MakeOffer,
    calculate: Calculate,
) -> None:
    ranked(cast.bram, at_klikwerf(state="closed"))
    at_klikwerf(title="Reserve")
    calculate()
    made = Proposal.objects.get()
    assert (made.choice, made.off_the_list) == (None, True)
    slug = cast.windesheim.slug
    page = read(frits, "round", slug, round_.pk)
    assert "keer niet van de eigen lijst, maar past" in page
    assert page.count("niet van de eigen lijst, maar past") == 2
    page = read(frits, "school_proposal", slug, made.pk)
    assert "Keus van de student niet van de eigen lijst, maar past" in page
    assert "De student krijgt deze plek: niet van de eigen lijst, maar past." in page
    approval.approve([made.pk], by=cast.frits)
    approval.release([made.pk], by=cast.frits)
    assert "niet van je eigen lijst, maar past" in read(bram, "student_proposal", made.pk)
    letter = Letter.objects.get(kind="proposal_offered_student")
    assert "niet van je eigen lijst, maar past" in " ".join(letter.text.split())


def test_projects_that_do_not_start_are_listed_with_what_to_do(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    project = at_klikwerf(project=True, title="Opdracht retouren", team_min=3)
    for student in (cast.bram, classmate(cast)):
        ranked(student, project)
    calculate()
    page = read(frits, "round", cast.windesheim.slug, round_.pk)
    assert "Opdracht retouren (Klikwerf Kanarie-Drie) 2 studenten wilden dit." in page
    assert "Het team heeft 3 studenten nodig. Zoek nog 1 student die dit ook wil" in page
    assert "Maak het team met de hand : Opdracht retouren" in page


def test_who_wanted_what_was_full_before_the_round_is_told_so(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    ranked(cast.bram, at_klikwerf(state="filled", title="Al vergeven"))
    at_klikwerf(levels=[2])
    calculate()
    page = read(frits, "round", cast.windesheim.slug, round_.pk)
    section = page[page.index("Nog zonder plek") :]
    assert "nog geen plekken op de lijst" not in section
    assert "gingen naar anderen of zijn er niet meer" in section
    assert "Al vergeven" in section
    assert "Deze plek deed niet mee: die was al vol" in section


def test_a_run_from_before_there_was_a_choice_still_shows(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    ranked(cast.bram, at_klikwerf())
    run = calculate()
    since = ("found", "bound", "off_list", "shortage", "closed", "owners")
    old = {name: figure for name, figure in run.figures.items() if name not in since}
    Run.objects.update(figures=old, effort="quick")
    page = read(frits, "round", cast.windesheim.slug, round_.pk)
    assert "Zo is gerekend: snel." in page
    assert "niet mogelijk" not in page


def test_the_page_of_an_outcome_asks_no_more_at_twice_as_many(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    asked = []
    for _ in range(2):
        project = at_klikwerf(project=True, team_min=4)
        for _ in range(2):
            ranked(classmate(cast), at_klikwerf(), project)
            ranked(classmate(cast), project, at_klikwerf(levels=[2]))
        calculate()
        read(frits, "round", cast.windesheim.slug, round_.pk)  # what only a first visit asks
        with CaptureQueriesContext(connection) as caught:
            read(frits, "round", cast.windesheim.slug, round_.pk)
        asked.append(len(caught))
    assert asked[1] <= asked[0]


def test_a_run_that_failed_says_so_and_offers_to_try_again(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    at_klikwerf()
    args = (cast.windesheim.slug, round_.pk)
    send(frits, "run", *args)
    run = rounds.claim_run()
    assert run is not None
    rounds.fail_run(run, "error")
    page = read(frits, "round", *args)
    assert "Het berekenen is niet gelukt. Er is niets veranderd." in page
    assert "Bereken het voorstel" in page
    assert "De ronde staat in de wachtrij" in send(frits, "run", *args)


def test_who_has_no_place_is_named_with_the_reason(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    far = OfferFactory(title="Ver weg", site__postcode=postcode("1011"))
    ranked(cast.bram, far)
    idle = seeking_student(programme=cast.bram.programme, user__name="Iris Zonder-Lijst")
    calculate()
    page = read(frits, "round", cast.windesheim.slug, round_.pk)
    section = page[page.index("Nog zonder plek") :]
    assert "Geen enkele plek op de lijst kan voor deze student." in section
    assert "Ver weg" in section
    assert "Verder weg dan de student wil reizen" in section
    assert f"{idle} {idle.programme}. Heeft nog geen plekken op de lijst gezet." in section
    approval.propose_by_hand(idle, at_klikwerf(), by=cast.frits, round_=round_)
    page = read(frits, "round", cast.windesheim.slug, round_.pk)
    assert "Iris Zonder-Lijst" not in page[page.index("Nog zonder plek") :]


@pytest.mark.parametrize("other", [states.PROPOSED, states.APPROVED, states.OFFERED])
def test_a_second_proposal_for_a_student_is_not_approved_with_the_rest(
    cast: Cast, frits: Client, round_: Round, other: str
) -> None:
    made = ProposalFactory(student=cast.bram, round=round_)
    ProposalFactory(
        student=cast.bram, round=round_ if other == states.PROPOSED else None, state=other
    )
    plain = ProposalFactory(student=classmate(cast), round=round_)
    args = (cast.windesheim.slug, round_.pk)
    assert "Student heeft nog een voorstel in deze periode" in read(frits, "round", *args)
    send(frits, "approve", *args, scope="plain")
    assert (state_of(made), state_of(plain)) == (states.PROPOSED, states.APPROVED)


def test_a_coordinator_reads_why_a_student_gets_no_second_seat(
    cast: Cast, frits: Client, round_: Round
) -> None:
    ProposalFactory(student=cast.bram, state=states.OFFERED)
    made = ProposalFactory(student=cast.bram, round=round_)
    page = send(frits, "approve", cast.windesheim.slug, round_.pk, proposal=made.pk)
    assert "al een ander voorstel dat is goedgekeurd of verstuurd" in page
    assert state_of(made) == states.PROPOSED


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        ("dropped", "Dit voorstel is geschrapt."),
        ("declined", "Iemand heeft dit voorstel al afgewezen."),
    ],
)
def test_who_lost_a_proposal_is_without_a_place_again(
    cast: Cast,
    frits: Client,
    round_: Round,
    at_klikwerf: MakeOffer,
    calculate: Calculate,
    ended: str,
    words: str,
) -> None:
    args = (cast.windesheim.slug, round_.pk)
    ranked(cast.bram, at_klikwerf())
    calculate()
    made = Proposal.objects.get()
    assert "Nog zonder plek" not in read(frits, "round", *args)
    if ended == "dropped":
        approval.drop([made.pk], reason="Liever niet", by=cast.frits)
    else:
        approval.approve([made.pk], by=cast.frits)
        approval.release([made.pk], by=cast.frits)
        answers.decline(made.pk, side=STUDENT, code="other", by=cast.bram.user)
        Round.objects.update(state=Round.State.OPEN)
    page = read(frits, "round", *args)
    assert words in page[page.index("Nog zonder plek") :]
    Availability.objects.filter(student=cast.bram).update(days=None)
    calculate()
    assert words in read(frits, "round", *args), "also when a later run left the student out"
    ProposalFactory(student=cast.bram, offer=at_klikwerf(), state=states.AGREED)
    assert "Nog zonder plek" not in read(frits, "round", *args), "found elsewhere"


@pytest.fixture
def outcome(
    cast: Cast, round_: Round, at_klikwerf: MakeOffer, calculate: Calculate
) -> dict[str, Proposal]:
    """A round with one plain proposal and one of each kind that deserves a second look."""
    unknown = ProgrammeFactory(school=cast.windesheim, mbo_unknown=True)
    wishes = {
        "plain": (cast.bram, at_klikwerf()),
        "unchecked": (seeking_student(programme=unknown), at_klikwerf()),
        "small team": (seeking_student(programme=cast.bram.programme), at_klikwerf(project=True)),
        "full": (seeking_student(programme=cast.bram.programme), at_klikwerf()),
        "closed": (seeking_student(programme=cast.bram.programme), at_klikwerf()),
    }
    for student, offer in wishes.values():
        ranked(student, offer)
    leaver = classmate(cast)
    ranked(leaver, wishes["small team"][1])
    calculate()
    approval.drop(
        [Proposal.objects.get(student=leaver).pk], reason="Stopt met de opleiding", by=cast.frits
    )
    found = {name: Proposal.objects.get(student=student) for name, (student, _o) in wishes.items()}
    ProposalFactory(student=cast.anouk, offer=found["full"].offer, state=states.APPROVED)
    offers.pause_offer(found["closed"].offer, by=cast.carla)
    found["by hand"] = approval.propose_by_hand(
        seeking_student(programme=cast.bram.programme),
        at_klikwerf(),
        by=cast.frits,
        round_=round_,
        reason="Afgesproken",
    )
    return found


FLAGS = {
    "unchecked": "Erkenning niet te controleren",
    "small team": "Team is nog te klein",
    "full": "Plek is inmiddels vol",
    "closed": "Aanbod staat niet meer open",
    "by hand": "Met de hand: lees de reden",
}


def test_what_deserves_a_second_look_stands_first_and_is_not_approved_in_one_sweep(
    cast: Cast, frits: Client, round_: Round, outcome: dict[str, Proposal]
) -> None:
    args = (cast.windesheim.slug, round_.pk)
    page = read(frits, "round", *args)
    assert "Kijk hier even extra naar (5)" in page
    for name, flag in FLAGS.items():
        assert flag in page, name
    assert page.index(FLAGS["by hand"]) < page.index("Zonder aandachtspunt (1)")
    assert "1 voorstel goedgekeurd. Er is nog niets verstuurd." in send(
        frits, "approve", *args, scope="plain"
    )
    assert {name: state_of(p) for name, p in outcome.items()} == {
        **dict.fromkeys(FLAGS, states.PROPOSED),
        "plain": states.APPROVED,
    }


def test_a_weak_fit_deserves_a_second_look(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    ProposalFactory(student=cast.bram, offer=at_klikwerf(), round=round_, score=0.05)
    page = read(frits, "round", cast.windesheim.slug, round_.pk)
    assert "Past maar matig" in page


def test_ticked_proposals_are_approved_and_the_others_are_explained(
    cast: Cast, frits: Client, round_: Round, outcome: dict[str, Proposal]
) -> None:
    args = (cast.windesheim.slug, round_.pk)
    page = send(frits, "approve", *args, proposal=[p.pk for p in outcome.values()])
    assert "4 voorstellen goedgekeurd." in page
    for name, code in (("full", "offer_full"), ("closed", "offer_not_published")):
        made = outcome[name]
        assert f"{made.student} – {made.offer}: {reasons.refusal(code)}" in page
    assert "1 goedkeuring teruggenomen." in send(frits, "undo", *args, proposal=outcome["plain"].pk)
    assert "3 voorstellen verstuurd." in send(frits, "release", *args)
    assert "Alles wat klaarstond, is verstuurd." in send(frits, "release", *args)
    assert "Er was niets om terug te nemen." in send(
        frits, "undo", *args, proposal=outcome["unchecked"].pk
    )
    assert state_of(outcome["plain"]) == states.PROPOSED


def test_ids_that_are_none_or_of_another_round_are_not_approved(
    cast: Cast, frits: Client, round_: Round, outcome: dict[str, Proposal]
) -> None:
    others = ProposalFactory(
        student=cast.anouk,
        offer=OfferFactory(),
        round=RoundFactory(season=cast.season, school=cast.deltion),
    )
    args = (cast.windesheim.slug, round_.pk)
    junk = ["abc", str(TOO_BIG), "-1", "", "1.5", "\x00", "9" * 400, str(others.pk), "٣"]
    assert "Kies eerst een of meer voorstellen." in send(frits, "approve", *args, proposal=junk)
    assert "Kies eerst" in send(frits, "approve", *args)
    send(frits, "undo", *args, proposal=junk)
    assert not Proposal.objects.filter(round=round_, state=states.APPROVED).exists()
    assert state_of(others) == states.PROPOSED


NOTHING_SENT = "Nog niemand heeft iets gekregen."


def test_the_page_says_what_was_sent_and_what_was_not(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    """Who only drops, approves or undoes has sent nothing; who sent a part has sent a part."""
    args = (cast.windesheim.slug, round_.pk)
    assert "Klopt het?" in read(frits, "round", *args)
    first, second, third = (
        ProposalFactory(student=classmate(cast), offer=at_klikwerf(), round=round_)
        for _ in range(3)
    )
    assert f"keur ze goed. {NOTHING_SENT}" in read(frits, "round", *args)
    approval.drop([first.pk], reason="Liever niet", by=cast.frits)
    page = read(frits, "round", *args)
    assert f"keur ze goed. {NOTHING_SENT}" in page
    assert "Afgevallen" in page
    approval.approve([second.pk], by=cast.frits)
    ready = "1 voorstel staat klaar om te versturen."
    assert f"{ready} {NOTHING_SENT}" in read(frits, "round", *args)
    approval.undo([second.pk], by=cast.frits)
    assert f"keur ze goed. {NOTHING_SENT}" in read(frits, "round", *args)
    approval.approve([second.pk], by=cast.frits)
    approval.release([second.pk], by=cast.frits)
    page = read(frits, "round", *args)
    assert "keur ze goed. Er is al 1 voorstel verstuurd." in page
    assert "Verstuurd en afgerond" in page
    approval.approve([third.pk], by=cast.frits)
    assert f"{ready} Er is al 1 voorstel verstuurd." in read(frits, "round", *args)
    ending.withdraw([second.pk, third.pk], code="coordinator", by=cast.frits)
    page = read(frits, "round", *args)
    assert "niets meer te beoordelen" in page
    assert "Er is al 1 voorstel verstuurd." in page, "also when it was taken back"


# --- why, and by hand -----------------------------------------------------------------------------


def test_why_and_why_not_are_answered_for_any_pair_of_the_round(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    one, two = at_klikwerf(title="Eerste"), at_klikwerf(title="Tweede")
    args = (cast.windesheim.slug, round_.pk)
    assert "Reken de ronde eerst door." in words_of(
        frits.get(reverse("matching:why", args=args), follow=True)
    )
    ranked(cast.bram, one)
    Availability.objects.update(beyond_list=False)
    calculate()
    page = read(frits, "why", *args, student=cast.bram.pk, offer=one.pk)
    assert "De student krijgt deze plek: keus 1. Niemand anders vroeg erom." in page
    page = read(frits, "why", *args, student=cast.bram.pk, offer=two.pk)
    assert "De student heeft deze plek niet op de lijst gezet." in page
    assert "Wat zou helpen: de plek op de lijst zetten." in page
    assert "De ronde stelde voor: Eerste bij Klikwerf" in page
    late = at_klikwerf()
    for student, offer in [
        (cast.anouk.pk, one.pk),
        (cast.bram.pk, late.pk),
        (cast.bram.pk, TOO_BIG),
        ("abc", one.pk),
        ("\x00", one.pk),
        (cast.bram.pk, ""),
    ]:
        page = read(frits, "why", *args, status=422, student=student, offer=offer)
        assert "krijgt deze plek" not in page


def test_a_proposal_by_hand_needs_a_reason_where_a_rule_is_set_aside(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    offer = at_klikwerf(levels=[2, 3, 4])
    args = (cast.windesheim.slug, round_.pk)
    form: dict[str, object] = {"student": cast.bram.pk, "offer": offer.pk}
    page = refused(frits, "by_hand", *args, **form)
    assert "Volgens de regels kan dit niet (het niveau past niet)." in page
    assert not Proposal.objects.exists()
    page = send(frits, "by_hand", *args, **form, reason="Doet al een vak van hbo")
    assert "Voorstel gemaakt: Bram Kanarie-Twee bij Klikwerf" in page
    assert "Met de hand: lees de reden" in page
    made = Proposal.objects.get()
    assert (made.round, made.origin) == (round_, Proposal.Origin.COORDINATOR)
    assert made.score is not None
    assert "Er is al een voorstel voor deze student en deze plek." in refused(
        frits, "by_hand", *args, **form, reason="Nog eens"
    )


def test_a_proposal_by_hand_knows_the_choice_of_the_student(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    first, second, unasked = at_klikwerf(), at_klikwerf(), at_klikwerf()
    ranked(cast.bram, first, second)
    for offer in (second, unasked):
        form = {"student": cast.bram.pk, "offer": offer.pk, "reason": "Om te kiezen"}
        send(frits, "by_hand", cast.windesheim.slug, round_.pk, **form)
    asked, other = Proposal.objects.order_by("pk")
    assert (asked.choice, other.choice) == (2, None)
    slug = cast.windesheim.slug
    assert "Keus van de student 2" in read(frits, "school_proposal", slug, asked.pk)
    assert "stond niet op de lijst" in read(frits, "school_proposal", slug, other.pk)


def test_the_best_offers_are_suggested_for_a_student(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    at_klikwerf(title="Past goed")
    at_klikwerf(title="Past niet", levels=[2])
    page = read(frits, "by_hand", cast.windesheim.slug, round_.pk, student=cast.bram.pk)
    suggested = page[page.index("Past goed –") :]
    assert "Past goed" in suggested[20:]
    for junk in ("abc", TOO_BIG, "\x00", "9" * 400, "²"):
        read(frits, "by_hand", cast.windesheim.slug, round_.pk, student=junk)


def test_a_proposal_by_hand_of_nobody_or_nothing_is_refused(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    good = {"student": str(cast.bram.pk), "offer": str(at_klikwerf().pk)}
    for wrong in (
        *({"student": key} for key in ("", "abc", str(TOO_BIG), "\x00", "²")),
        *({"offer": key} for key in ("", "-1", str(TOO_BIG), "1\x00")),
        {"reason": "a\x00b"},
        {"reason": "x" * 1001},
    ):
        refused(frits, "by_hand", cast.windesheim.slug, round_.pk, **{**good, **wrong})
        assert not Proposal.objects.exists(), wrong


def test_a_proposal_by_hand_is_for_own_students_and_open_rounds(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    offer, args = at_klikwerf(), (cast.windesheim.slug, round_.pk)
    refused(frits, "by_hand", *args, student=cast.anouk.pk, offer=offer.pk, reason="Graag")
    Round.objects.filter(pk=round_.pk).update(state=Round.State.RELEASED)
    page = refused(frits, "by_hand", *args, student=cast.bram.pk, offer=offer.pk)
    assert "Deze ronde is al verstuurd." in page
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("state", states.OPEN)
def test_a_second_proposal_in_the_period_needs_a_reason(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer, state: str
) -> None:
    """With a reason it can be approved too: the student may choose."""
    first, second = at_klikwerf(title="Eerste"), at_klikwerf(title="Tweede")
    ProposalFactory(student=cast.bram, offer=first, round=round_, state=state)
    args = (cast.windesheim.slug, round_.pk)
    known = "Bram Kanarie-Twee heeft al een voorstel: Eerste"
    assert known in read(frits, "by_hand", *args, student=cast.bram.pk)
    form: dict[str, object] = {"student": cast.bram.pk, "offer": second.pk}
    page = refused(frits, "by_hand", *args, **form)
    assert "heeft in deze periode al een voorstel: Eerste bij Klikwerf" in page
    assert Proposal.objects.count() == 1
    assert "Voorstel gemaakt" in send(frits, "by_hand", *args, **form, reason="Om te kiezen")
    made = Proposal.objects.get(offer=second)
    send(frits, "approve", *args, proposal=made.pk)
    assert state_of(made) == states.APPROVED


def test_a_place_that_was_proposed_to_others_needs_a_reason(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    offer, roomy = at_klikwerf(title="Vergeven"), at_klikwerf(title="Ruim", openings=2)
    for one in (offer, roomy):
        ProposalFactory(student=cast.anouk, offer=one)
        ProposalFactory(offer=one, origin="application", student_accepted_at=Now())
    args = (cast.windesheim.slug, round_.pk)
    page = read(frits, "by_hand", *args, student=cast.bram.pk)
    assert "(voorgesteld aan een ander)" in page
    best = page[page.index("Dit past het best") :]
    assert "Ruim" in best
    assert "Vergeven" not in best
    form: dict[str, object] = {"student": cast.bram.pk, "offer": offer.pk}
    page = refused(frits, "by_hand", *args, **form)
    assert "Elke vrije plek bij dit aanbod is al aan een ander voorgesteld." in page
    send(frits, "by_hand", *args, **form, reason="Past beter")
    send(frits, "by_hand", *args, student=classmate(cast).pk, offer=roomy.pk)


def test_who_has_a_place_is_not_proposed_by_hand(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    ProposalFactory(student=cast.bram, offer=at_klikwerf(), state=states.AGREED)
    args = (cast.windesheim.slug, round_.pk)
    assert "Bram" not in read(frits, "by_hand", *args)
    form: dict[str, object] = {"student": cast.bram.pk, "offer": at_klikwerf().pk, "reason": "x"}
    assert "Deze student zoekt nu geen plek." in refused(frits, "by_hand", *args, **form)
    assert Proposal.objects.count() == 1


def test_a_place_that_was_given_away_meanwhile_is_said_to_be_gone(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    gone = at_klikwerf(state=offer_states.CLOSED)
    form: dict[str, object] = {"student": cast.bram.pk, "offer": gone.pk}
    page = refused(frits, "by_hand", cast.windesheim.slug, round_.pk, **form)
    assert "Deze plek is er niet meer" in page


def test_students_of_other_schools_are_in_the_team_too(
    cast: Cast, frits: Client, round_: Round
) -> None:
    project = OfferFactory(project=True, team_min=2, openings=3)
    ProposalFactory(student=cast.bram, offer=project, round=round_)
    args = (cast.windesheim.slug, round_.pk)
    assert "Team is nog te klein" in read(frits, "round", *args)
    ProposalFactory(student=cast.anouk, offer=project, state=states.OFFERED)
    page = read(frits, "round", *args)
    assert "Team is nog te klein" not in page
    assert "Anouk" not in page


def test_students_and_places_stand_in_the_order_of_the_alphabet(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    for title in ("Zeep", "ètalage", "Auto's"):
        at_klikwerf(title=title)
    for name in ("Zoë", "Ömer", "olaf"):
        classmate(cast, user__name=name)
    page = read(frits, "by_hand", cast.windesheim.slug, round_.pk)
    order = [page.index(word) for word in ("Bram", "olaf", "Ömer", "Zoë")]
    order += [page.index(word) for word in ("Auto's", "ètalage", "Zeep")]
    assert order == sorted(order)


def test_what_somebody_said_no_to_is_not_suggested_and_needs_a_reason(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    """As in a run: a pair that was declined this season, or dropped in this round, is barred."""
    declined, fine = at_klikwerf(title="Nee gezegd"), at_klikwerf(title="Nog niet gevraagd")
    ProposalFactory(student=cast.bram, offer=declined, state=states.DECLINED)
    args = (cast.windesheim.slug, round_.pk)
    page = read(frits, "by_hand", *args, student=cast.bram.pk)
    suggested = page[page.index("Dit past het best bij") :]
    assert "Nog niet gevraagd" in suggested
    assert "Nee gezegd" not in suggested
    page = refused(frits, "by_hand", *args, student=cast.bram.pk, offer=declined.pk)
    assert "eerder afgewezen of geschrapt" in page
    assert not Proposal.objects.filter(round=round_).exists()
    send(frits, "by_hand", *args, student=cast.bram.pk, offer=declined.pk, reason="Nu wel")
    send(frits, "by_hand", *args, student=cast.bram.pk, offer=declined.pk, reason="Nu wel")
    assert Proposal.objects.filter(round=round_).count() == 1
    page = refused(
        frits, "by_hand", *args, student=cast.bram.pk, offer=declined.pk, reason="Om iets anders"
    )
    assert "Er is al een voorstel voor deze student en deze plek." in page
    assert fine.free == 1


def test_the_fit_of_a_proposal_is_shown_with_the_weights_of_its_round(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    made = ProposalFactory(
        student=cast.bram, offer=at_klikwerf(), round=round_, score=0.6, parts={"days": 0.6}
    )
    args = (cast.windesheim.slug, made.pk)
    assert "Dagen per week telt 1 keer" in read(frits, "school_proposal", *args)
    Round.objects.update(weights={"days": 4.0})
    page = read(frits, "school_proposal", *args)
    assert "Dagen per week telt 4 keer" in page
    assert "beslist de loting" in page


def test_who_ticks_nothing_is_told_to_tick_something(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    ProposalFactory(student=cast.bram, offer=at_klikwerf(), round=round_, state=states.APPROVED)
    page = send(frits, "undo", cast.windesheim.slug, round_.pk)
    assert "Kies eerst een of meer voorstellen." in page
    assert "niets om terug te nemen" not in page
