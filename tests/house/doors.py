"""Every address of the portal, what everybody finds behind it, and who reads what: the tables.

A row says how an address answers to GET and to an empty POST, and, where it takes a form, what a
form that is filled in well does. Whoever has no account, or an account without the right, gets
the same answer to any of these, and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.urls import reverse

from tests.house.scene import PEOPLE, Scene

OPEN = (200, 302, 422)
LOGIN = "login"  # shown to the door: a redirect to the sign-in page

Status = int | str
Answers = Mapping[str, Status]


def only(status: int, *people: str, others: int = 404, **exceptions: int) -> Answers:
    """These people get in; nobody is sent to the sign-in page, `others` find nothing."""
    answers: dict[str, Status] = dict.fromkeys(PEOPLE, others)
    answers |= dict.fromkeys(people, status) | {"nobody": LOGIN} | exceptions
    assert set(answers) == set(PEOPLE), "a row names somebody who is not there"
    return answers


def signed_in(status: int, **exceptions: int) -> Answers:
    """Everybody with an account gets in."""
    return only(status, others=status, **exceptions)


def public(status: int, **exceptions: int) -> Answers:
    """Everybody gets in, also without an account."""
    return {**signed_in(status, **exceptions), "nobody": exceptions.get("nobody", status)}


def guests(status: int, *, members: int = 302) -> Answers:
    """For whoever is not signed in yet; the others are sent on."""
    return {**signed_in(members), "nobody": status}


NEVER = signed_in(405)  # no such method here
NEVER_IN_PUBLIC = public(405)

# What somebody might fill in; the name of an object stands for its key.
Form = Mapping[str, str]


@dataclass(frozen=True)
class Door:
    """One address with one choice of objects, named as the scene names them."""

    name: str
    on: str = ""
    get: Answers = field(default_factory=lambda: NEVER)
    post: Answers = field(default_factory=lambda: NEVER)
    form: Form | None = None
    sent: Answers | None = None  # to `form`; None: whoever may post is sent on
    acts: bool = False  # there is nothing to see: GET leads to the page with its form

    def __str__(self) -> str:
        return f"{self.name} {self.on}".strip()

    def path(self, scene: Scene) -> str:
        """The address in this scene."""
        return reverse(self.name, args=[scene.key(word) for word in self.on.split()])

    def opens_for(self, person: str, method: str) -> bool:
        """Whether this person comes in."""
        return (self.get if method == "GET" else self.post)[person] in OPEN

    def filled_in(self, scene: Scene) -> dict[str, object]:
        """The form as it is sent in this scene."""
        return {name: scene.key(value) for name, value in (self.form or {}).items()}

    def answer_to_form(self, person: str) -> Status:
        """What this person gets for a form that is filled in well."""
        if self.sent is not None:
            return self.sent[person]
        return 302 if self.opens_for(person, "POST") else self.post[person]


def show(name: str, on: str, answers: Answers) -> Door:
    """An address that only shows something."""
    never = NEVER if answers["nobody"] == LOGIN else NEVER_IN_PUBLIC
    return Door(name, on, get=answers, post=never)


def do(name: str, on: str, answers: Answers, form: Form | None = None) -> Door:
    """An address that only does something. Whoever may, and comes without a form, is led to the
    page where it stands; others find as little as with one."""
    led = {person: 302 if status in OPEN else status for person, status in answers.items()}
    return Door(name, on, get=led, post=answers, form=form, acts=True)


def fill(name: str, on: str, people: tuple[str, ...], form: Form, **exceptions: int) -> Door:
    """A page with a form for these people: 422 while it is empty."""
    return Door(
        name,
        on,
        get=only(200, *people, **exceptions),
        post=only(422, *people, **exceptions),
        form=form,
    )


STUDENTS = ("anouk", "bram")
KLIKWERF = ("carla", "isa")
OFFICE = ("els", "frits", "isa", "gerda")  # who answers for letters
OFFER = {
    "title": "Stagiair webshop",
    "text": "Je werkt mee aan onze webshop.",
    "starts_on": "season:start",
    "ends_on": "season:end",
    "days_min": "4",
    "days_max": "5",
    "levels": "4",
    "postcode": "8011",
    "openings": "1",
    "team_min": "2",
    "team_max": "4",
}
PROFILE = {
    "programme": "programme:anouk",
    "postcode": "8011",
    "max_km": "30",
    "starts_on": "season:start",
    "ends_on": "season:end",
    "days": "4",
}
CLOSE = {"reason": "found"}
ALL_PLAIN = {"scope": "plain"}
TICKED = {"proposal": "proposal:approved"}
LOOKED_UP = {"crebos": "25998"}
BY_HAND = {"student": "student:evi", "offer": "offer:second", "reason": "Dit past beter."}
REASON = {"reason": "Dit past beter."}
ROSTER = {"file": "file:roster"}
ROSTER_COLUMNS = {"number": "0", "name": "1", "email": "2", "programme": "3", "is_whole": "yes"}
ROSTER_PLAN = {"fingerprint": "plan:els", "leaving": "on"}
STUDENT_NO = {"code": "too_far"}
COMPANY_NO = {"code": "place_gone"}

# Addresses where nobody is sent to the sign-in page; the views of allauth among them decide for
# themselves, in the table below.
PUBLIC = {
    "cockpit:home",
    "accounts:language",
    "cockpit:about",
    "cockpit:accessibility",
    "cockpit:style",  # its view decides: in the demo it is for everybody
    "companies:ask_access",
    "companies:invitation",
    "companies:signup",
    "education:invitation",
    "account_confirm_login_code",
    "account_email_verification_sent",
    "account_inactive",
    "account_login",
    "account_logout",
    "account_request_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_signup",
    "mfa_authenticate",
    "mfa_login_webauthn",
}

# Deltion is the school in the address: its coordinator gets in; its tutor is inside without the
# right; all others find nothing.
DELTION = {"tom": 403}

TABLE = (
    # --- for everybody ---
    show("cockpit:home", "", public(200)),
    show("cockpit:about", "", public(200)),
    show("cockpit:accessibility", "", public(200)),
    Door(
        "cockpit:style",
        get=only(200, "els", "frits", "gerda", "ada", "isa"),
        post=NEVER_IN_PUBLIC,
    ),
    Door("accounts:language", get=NEVER_IN_PUBLIC, post=public(302)),
    show("cockpit:today", "", signed_in(302, henk=200, isa=200, ada=200, tom=200)),
    show("cockpit:region", "", only(200, "gerda")),
    show("cockpit:places", "", only(200, "gerda")),
    # --- the project lead: who coordinates a school ---
    Door(
        "education:coordinators",
        get=only(200, "gerda"),
        post=only(422, "gerda"),
        form={"school": "school:deltion", "email": "nieuw@voorbeeld.example"},
    ),
    do("education:send_again", "asked:frits", only(302, "gerda"), {}),
    do("education:withdraw", "asked:frits", only(302, "gerda"), {}),
    Door(
        "education:invitation",
        "token:frits",
        get=public(403, frits=200, nobody=200),
        post=public(403, frits=302, nobody=200),
        form={},
        sent=public(403, frits=302, nobody=200),
    ),
    # --- a student ---
    Door(
        "students:profile",
        get=only(200, *STUDENTS),
        post=only(422, *STUDENTS),
        form=PROFILE,
        sent=only(302, "anouk", bram=422),  # Bram's school has no such programme
    ),
    show("matching:student", "", only(200, *STUDENTS)),
    show("matching:browse", "", only(200, *STUDENTS)),
    show("matching:offer", "offer:published", only(200, *STUDENTS)),
    show("matching:offer", "offer:submitted", only(200)),
    show("matching:offer", "offer:draft", only(200)),
    show("matching:offer", "offer:closed", only(200)),
    do("matching:wish", "offer:rival", only(302, *STUDENTS), {"on": ""}),
    do("matching:wish", "offer:submitted", only(302)),
    Door("matching:ranking", get=only(200, *STUDENTS), post=only(302, *STUDENTS)),
    show("matching:student_proposal", "proposal:offered", only(200, "anouk")),
    show("matching:student_proposal", "proposal:cancelled", only(200, "anouk")),
    show("matching:student_proposal", "proposal:proposed", only(200)),
    show("matching:student_proposal", "proposal:approved", only(200)),
    show("matching:student_proposal", "proposal:dropped", only(200)),
    show("matching:student_proposal", "proposal:rival", only(200, "bram")),
    do("matching:student_accept", "proposal:offered", only(302, "anouk"), {}),
    do("matching:student_accept", "proposal:approved", only(302)),
    do("matching:student_decline", "proposal:offered", only(422, "anouk"), STUDENT_NO),
    do("matching:student_decline", "proposal:approved", only(422)),
    # --- a company ---
    show("matching:company", "klikwerf", only(200, *KLIKWERF)),
    show("matching:company_proposal", "klikwerf proposal:offered", only(200, *KLIKWERF)),
    show("matching:company_proposal", "klikwerf proposal:agreed", only(200, *KLIKWERF)),
    show("matching:company_proposal", "klikwerf proposal:team:anouk", only(200, *KLIKWERF)),
    show("matching:company_proposal", "klikwerf proposal:proposed", only(200)),
    show("matching:company_proposal", "klikwerf proposal:approved", only(200)),
    show("matching:company_proposal", "klikwerf proposal:dropped", only(200)),
    show("matching:company_proposal", "klikwerf proposal:untold", only(200)),
    show("matching:company_proposal", "klikwerf proposal:rival", only(200)),
    show("matching:company_proposal", "rival proposal:offered", only(200)),
    do("matching:company_accept", "klikwerf proposal:offered", only(302, *KLIKWERF), {}),
    do("matching:company_accept", "klikwerf proposal:approved", only(302)),
    do("matching:company_accept", "klikwerf proposal:untold", only(302)),
    do("matching:company_decline", "klikwerf proposal:offered", only(422, *KLIKWERF), COMPANY_NO),
    do("matching:company_decline", "klikwerf proposal:untold", only(422), COMPANY_NO),
    Door(
        "companies:colleagues",
        "klikwerf",
        get=only(200, *KLIKWERF),
        post=only(422, *KLIKWERF),
        form={"email": "nieuw@voorbeeld.example"},
    ),
    do("companies:remove", "klikwerf member:isa", only(302, *KLIKWERF), {}),
    do("companies:take_over", "klikwerf", only(302, *KLIKWERF)),
    do("companies:send_again", "klikwerf invitation:klikwerf", only(302, *KLIKWERF), {}),
    do("companies:withdraw", "klikwerf invitation:klikwerf", only(302, *KLIKWERF), {}),
    do("companies:send_again", "klikwerf invitation:rival", only(302), {}),
    do("companies:withdraw", "klikwerf invitation:rival", only(302), {}),
    # Whom it is for is written in the letter, and nowhere for others.
    Door(
        "companies:invitation",
        "token:klikwerf",
        get=public(403, henk=200, nobody=200),
        post=public(403, henk=302, nobody=200),
        form={},
        sent=public(403, henk=302, nobody=200),
    ),
    Door("companies:invitation", "vals", get=public(404), post=public(404)),
    Door("companies:ask_access", get=public(200), post=public(422)),
    fill("companies:details", "klikwerf", KLIKWERF, {"name": "Klikwerf Kanarie-Drie Noord"}),
    fill("companies:details", "rival", ("dirk",), {"name": "Rivaal Kanarie-Vier Noord"}),
    fill("companies:offer_new", "klikwerf stage", KLIKWERF, OFFER),
    fill("companies:offer_new", "klikwerf opdracht", KLIKWERF, OFFER),
    fill("companies:offer_new", "klikwerf iets", (), OFFER),
    show("companies:offer", "klikwerf offer:draft", only(200, *KLIKWERF)),
    show("companies:offer", "klikwerf offer:published", only(200, *KLIKWERF)),
    show("companies:offer", "klikwerf offer:rival", only(200)),
    show("companies:offer", "rival offer:rival", only(200, "dirk")),
    show("companies:offer", "rival offer:published", only(200)),
    fill("companies:offer_edit", "klikwerf offer:draft", KLIKWERF, OFFER),
    fill("companies:offer_edit", "klikwerf offer:rival_draft", (), OFFER),
    Door(
        "companies:offer_edit",
        "klikwerf offer:published",
        get=only(302, *KLIKWERF),
        post=only(422, *KLIKWERF),
    ),
    do("companies:offer_submit", "klikwerf offer:draft", only(302, *KLIKWERF), {}),
    do("companies:offer_pause", "klikwerf offer:published", only(302, *KLIKWERF), {}),
    do("companies:offer_resume", "klikwerf offer:paused", only(302, *KLIKWERF), {}),
    do("companies:offer_close", "klikwerf offer:published", only(422, *KLIKWERF), CLOSE),
    # --- a school: what companies hand in ---
    show("companies:school_offers", "deltion", only(200, "els", **DELTION)),
    show("companies:review", "deltion offer:submitted", only(200, "els", **DELTION)),
    show("companies:review", "deltion offer:kept", only(200, "els", **DELTION)),
    show("companies:review", "windesheim offer:kept", only(200, "frits", "isa")),
    show("companies:review", "deltion offer:draft", only(200, **DELTION)),
    do("companies:publish", "deltion offer:submitted", only(302, "els", **DELTION), {}),
    do("companies:publish", "deltion offer:kept", only(302, "els", **DELTION), {}),
    do("companies:publish", "windesheim offer:kept", only(302, frits=403, isa=403)),
    do("companies:publish", "deltion offer:draft", only(302, **DELTION)),
    do("companies:return", "deltion offer:submitted", only(422, "els", **DELTION), REASON),
    do("companies:return", "windesheim offer:kept", only(422, frits=403, isa=403), REASON),
    do("companies:accredit", "deltion offer:rival", only(302, "els", **DELTION), LOOKED_UP),
    do("companies:accredit", "windesheim offer:kept", only(302, frits=403, isa=403)),
    # --- a school: its students; a roster under way is its sender's ---
    show("matching:students", "deltion", only(200, "els", **DELTION)),
    show("matching:students", "windesheim", only(200, "frits", "isa")),
    fill("students:roster", "deltion", ("els",), ROSTER, **DELTION),
    fill("students:roster", "windesheim", ("frits", "isa"), ROSTER),
    show("students:roster_template", "deltion", only(200, "els", **DELTION)),
    fill("students:roster_columns", "deltion upload:els", ("els",), ROSTER_COLUMNS, **DELTION),
    fill("students:roster_columns", "windesheim upload:els", (), ROSTER_COLUMNS),
    fill("students:roster_columns", "windesheim upload:frits", ("frits",), ROSTER_COLUMNS),
    fill("students:roster_check", "deltion upload:els", ("els",), ROSTER_PLAN, **DELTION),
    fill("students:roster_check", "deltion upload:frits", (), ROSTER_PLAN, **DELTION),
    fill("students:roster_check", "windesheim upload:els", (), ROSTER_PLAN),
    show("students:roster_faults", "deltion upload:els", only(200, "els", **DELTION)),
    show("students:roster_faults", "windesheim upload:frits", only(200, "frits")),
    show("students:roster_faults", "windesheim upload:els", only(200)),
    # --- the outbox: of the own school; the project lead sees that there are letters ---
    show("matching:letters", "", only(200, *OFFICE)),
    show("matching:letter", "letter:anouk", only(200, "els", "gerda")),
    show("matching:letter", "letter:bram", only(200, "frits", "isa", "gerda")),
    show("matching:letter", "letter:carla", only(200, "els", "gerda")),
    show("matching:letter", "letter:code", only(200, "els", "gerda")),
    show("matching:letter_formatted", "letter:anouk", only(200, "els")),
    show("matching:letter_formatted", "letter:own", only(200, "gerda")),
    show("matching:letter_formatted", "letter:code", only(200)),
    do("matching:letter_again", "letter:failed", only(302, "els", "gerda"), {}),
    do("matching:letter_again", "letter:bram", only(302, "frits", "isa", "gerda")),
    do("matching:letter_withdraw", "letter:anouk", only(302, "els", "gerda"), {}),
    do("matching:letter_withdraw", "letter:bram", only(302, "frits", "isa", "gerda"), {}),
    # --- a school: its proposals and rounds ---
    show("matching:school", "deltion", only(200, "els", **DELTION)),
    show("matching:school", "windesheim", only(200, "frits", "isa")),
    show("matching:school_proposal", "deltion proposal:proposed", only(200, "els", **DELTION)),
    show("matching:school_proposal", "deltion proposal:agreed", only(200, "els", **DELTION)),
    show("matching:school_proposal", "deltion proposal:rival", only(200, **DELTION)),
    show("matching:school_proposal", "windesheim proposal:agreed", only(200)),
    do("matching:move", "deltion proposal:proposed approve", only(302, "els", **DELTION), {}),
    do("matching:move", "deltion proposal:approved undo", only(302, "els", **DELTION), {}),
    do("matching:move", "deltion proposal:proposed drop", only(422, "els", **DELTION), REASON),
    do("matching:move", "deltion proposal:offered withdraw", only(422, "els", **DELTION), REASON),
    do("matching:move", "deltion proposal:agreed reopen", only(422, "els", **DELTION), REASON),
    do("matching:move", "deltion proposal:agreed cancel", only(422, "els", **DELTION), REASON),
    do("matching:move", "deltion proposal:offered accept", only(422, **DELTION), REASON),
    do("matching:move", "deltion proposal:rival withdraw", only(422, **DELTION), REASON),
    do("matching:move", "windesheim proposal:offered withdraw", only(422), REASON),
    fill("matching:rounds", "deltion", ("els",), {"season": "season:next"}, **DELTION),
    show("matching:round", "deltion round:deltion", only(200, "els", **DELTION)),
    show("matching:round", "deltion round:windesheim", only(200, **DELTION)),
    show("matching:round", "windesheim round:deltion", only(200)),
    show("matching:round_status", "deltion round:deltion", only(302, "els", **DELTION)),
    show("matching:round_status", "deltion round:windesheim", only(302, **DELTION)),
    show("matching:why", "deltion round:deltion", only(200, "els", **DELTION)),
    show("matching:why", "deltion round:windesheim", only(200, **DELTION)),
    fill("matching:by_hand", "deltion round:deltion", ("els",), BY_HAND, **DELTION),
    fill("matching:by_hand", "deltion round:windesheim", (), BY_HAND, **DELTION),
    do("matching:run", "deltion round:deltion", only(302, "els", **DELTION), {}),
    do("matching:run", "windesheim round:deltion", only(302)),
    do("matching:approve", "deltion round:deltion", only(302, "els", **DELTION), ALL_PLAIN),
    do("matching:undo", "deltion round:deltion", only(302, "els", **DELTION), TICKED),
    do("matching:release", "deltion round:deltion", only(302, "els", **DELTION), {}),
    do("matching:release", "windesheim round:deltion", only(302)),
    do("matching:close_round", "deltion round:deltion", only(302, "els", **DELTION)),
    do("matching:close_round", "deltion round:windesheim", only(302, **DELTION), {}),
    do("matching:close_round", "windesheim round:deltion", only(302)),
    # --- one's own account: allauth's pages ---
    Door("companies:signup", get=guests(200), post=guests(422)),
    Door("account_signup", get=guests(200), post=guests(422)),
    Door("account_login", get=guests(200), post=guests(200)),
    Door("account_request_login_code", get=guests(200), post=guests(200)),
    Door("account_confirm_login_code", get=signed_in(302), post=signed_in(302)),
    Door("account_logout", get=guests(302, members=200), post=public(302)),
    show("account_inactive", "", public(200)),
    Door("account_email", get=signed_in(200), post=signed_in(302)),
    Door("account_email_verification_sent", get=signed_in(302), post=signed_in(302)),
    # Whoever has no password is asked nothing again, and has no business there.
    Door("account_reauthenticate", get=signed_in(403), post=signed_in(403)),
    Door("account_change_password", get=signed_in(302), post=signed_in(302)),
    Door("account_set_password", get=signed_in(200), post=signed_in(200)),
    Door("account_reset_password", get=public(200), post=public(200)),
    show("account_reset_password_done", "", public(200)),
    Door("account_reset_password_from_key", "abc set-password", get=public(200), post=public(200)),
    show("account_reset_password_from_key_done", "", public(200)),
    # --- the second factor: nobody of the scene has one yet, but for a session that says so ---
    show("mfa_index", "", signed_in(200)),
    Door("mfa_authenticate", get=signed_in(302), post=signed_in(302)),
    Door("mfa_reauthenticate", get=signed_in(403), post=signed_in(403)),
    Door("mfa_activate_totp", get=signed_in(200), post=signed_in(200)),
    Door("mfa_deactivate_totp", get=signed_in(404), post=signed_in(404)),
    show("mfa_list_webauthn", "", signed_in(200)),
    Door("mfa_add_webauthn", get=signed_in(200), post=signed_in(200)),
    Door("mfa_reauthenticate_webauthn", get=signed_in(403), post=signed_in(403)),
    Door("mfa_edit_webauthn", "1", get=signed_in(404), post=signed_in(404)),
    Door("mfa_remove_webauthn", "1", get=signed_in(404), post=signed_in(404)),
    Door("mfa_login_webauthn", get=signed_in(302), post=signed_in(302)),
    show("mfa_view_recovery_codes", "", signed_in(404)),
    show("mfa_download_recovery_codes", "", signed_in(404)),
    Door("mfa_generate_recovery_codes", get=signed_in(200), post=signed_in(200)),
    Door("usersessions_list", get=signed_in(200), post=signed_in(302)),
)

# What there is beside it in the demo, and nowhere else.
DEMO_TABLE = (
    Door("demo:door", get=public(200), post=public(404)),
    show("demo:post", "", public(200)),
    Door("demo:letter", "brief", get=public(200), post=public(404)),
    show("demo:formatted", "brief", public(200)),
    show("cockpit:style", "", public(200)),
)

# Who reads which word of the scene, wherever it may stand in the portal.
SCHOOLS = {"els", "frits", "isa"}
EVERYBODY_INSIDE = {*STUDENTS, *KLIKWERF, *SCHOOLS}
READERS: dict[str, set[str]] = {
    # A student is known to the own school, and to a company once both agreed. Anouk agreed with
    # nobody, Bram and Chris with Klikwerf; Bram has an offer of the rival, Dana one of Klikwerf.
    "Kanarie-Een": {"anouk", "els"},
    "Kanarie-Twee": {"bram", "frits", *KLIKWERF},
    "Kanarie-Zeven": {"els", *KLIKWERF},
    "Kanarie-Acht": {"els"},
    "Kanarie-Tien": {"els"},
    "Kanarie-Negen": {"frits", "isa"},
    # Who stands in a roster is known to the school; who stands in a file under way, to its sender.
    "Kanarie-Honderd": {"els"},
    "Kanarie-Twaalf": {"els"},
    "Kanarie-Dertien": {"frits"},
    # Where a student lives is asked, and shown to nobody else.
    "7941": {"anouk"},
    "8302": {"bram"},
    "Meppel": set(),
    "Emmeloord": set(),
    # A company is known to students and schools; its people to schools.
    "Klikwerf Kanarie": {*EVERYBODY_INSIDE, "gerda", "henk"},  # in letters to its people
    "Rivaal Kanarie": {*STUDENTS, "dirk", *SCHOOLS, "gerda"},
    "Carla": {"carla", *SCHOOLS, "gerda", "henk"},
    "Dirk": {"dirk", *SCHOOLS, "gerda"},
    # Who was asked to be a colleague is known to who asks.
    "kanarie-dertig": {"dirk", "gerda"},
    # A coordinator is known to the own company and to colleagues, by what they did.
    "Kanarie-Vijf": {*SCHOOLS, "carla", "gerda"},
    "Kanarie-Zes": {"frits", "isa", "gerda"},
    "Gerda": {"gerda", "frits"},
    # Offers: drafts stay inside; what was handed in is for schools; students see what is open,
    # or was moments ago.
    "Titel-Concept": {*KLIKWERF},
    "Titel-Rivaalconcept": {"dirk"},
    "Titel-Ingediend": {*KLIKWERF, *SCHOOLS},
    "Titel-Bewaard": {*KLIKWERF, *SCHOOLS},
    "Titel-Terug": {*KLIKWERF, *SCHOOLS},
    "Titel-Dicht": {*KLIKWERF, *SCHOOLS},
    "Titel-Voorbij": {*KLIKWERF, *SCHOOLS},
    "Titel-Rivaalin": {"dirk", *SCHOOLS},
    "Titel-Open": EVERYBODY_INSIDE,
    "Titel-Opdracht": EVERYBODY_INSIDE,
    "Titel-Pauze": EVERYBODY_INSIDE,
    "Titel-Vol": EVERYBODY_INSIDE,
    "Titel-Rivaalopen": {*STUDENTS, "dirk", *SCHOOLS},
    # What a coordinator wrote: to the company, or in the own dossier.
    "Kanarie-Vraag": {*KLIKWERF, *SCHOOLS},
    "Kanarie-Reden": {"els"},
}
