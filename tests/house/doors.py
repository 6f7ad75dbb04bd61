"""Every address of the portal and what everybody finds behind it: the written table, and the
visitor who compares it with the portal.

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
    """One address with one choice of objects."""

    name: str
    on: str = ""
    get: Answers = field(default_factory=lambda: NEVER)
    post: Answers = field(default_factory=lambda: NEVER)
    form: Form | None = None
    sent: Answers | None = None  # to `form`; None: whoever may post is sent on

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


def get(name: str, on: str, answers: Answers) -> Door:
    """An address that only shows something."""
    never = NEVER if answers["nobody"] == LOGIN else NEVER_IN_PUBLIC
    return Door(name, on, get=answers, post=never)


def post(name: str, on: str, answers: Answers, form: Form | None = None) -> Door:
    """An address that only does something."""
    return Door(name, on, post=answers, form=form)


STUDENTS = ("anouk", "bram")
KLIKWERF = ("carla", "isa")
COORDINATORS = {"els": "deltion", "frits": "windesheim", "isa": "windesheim"}
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
REASON = {"reason": "Dit past beter."}
STUDENT_NO = {"code": "too_far"}
COMPANY_NO = {"code": "place_gone"}

# Deltion is the school in the address: its coordinator gets in; its tutor is inside without the
# right; all others find nothing.
DELTION = {"tom": 403}

TABLE = (
    # --- for everybody ---
    get("cockpit:home", "", public(200)),
    get("cockpit:about", "", public(200)),
    get("cockpit:today", "", signed_in(302, henk=200, isa=200, ada=200, tom=200)),
    get("cockpit:region", "", only(200, "gerda")),
    # --- a student ---
    Door(
        "students:profile",
        get=only(200, *STUDENTS),
        post=only(422, *STUDENTS),
        form=PROFILE,
        sent=only(302, "anouk", bram=422),  # Bram's school has no such programme
    ),
    get("matching:student", "", only(200, *STUDENTS)),
    get("matching:browse", "", only(200, *STUDENTS)),
    get("matching:offer", "offer:published", only(200, *STUDENTS)),
    get("matching:offer", "offer:submitted", only(200)),
    get("matching:offer", "offer:draft", only(200)),
    get("matching:offer", "offer:closed", only(200)),
    post("matching:wish", "offer:rival", only(302, *STUDENTS), {"on": ""}),
    post("matching:wish", "offer:submitted", only(302)),
    Door("matching:ranking", get=only(200, *STUDENTS), post=only(302, *STUDENTS)),
    get("matching:student_proposal", "proposal:offered", only(200, "anouk")),
    get("matching:student_proposal", "proposal:cancelled", only(200, "anouk")),
    get("matching:student_proposal", "proposal:proposed", only(200)),
    get("matching:student_proposal", "proposal:approved", only(200)),
    get("matching:student_proposal", "proposal:dropped", only(200)),
    get("matching:student_proposal", "proposal:rival", only(200, "bram")),
    post("matching:student_accept", "proposal:offered", only(302, "anouk"), {}),
    post("matching:student_accept", "proposal:approved", only(302)),
    post("matching:student_decline", "proposal:offered", only(422, "anouk"), STUDENT_NO),
    post("matching:student_decline", "proposal:approved", only(422)),
    # --- a company ---
    get("matching:company", "klikwerf", only(200, *KLIKWERF)),
    get("matching:company_proposal", "klikwerf proposal:offered", only(200, *KLIKWERF)),
    get("matching:company_proposal", "klikwerf proposal:agreed", only(200, *KLIKWERF)),
    get("matching:company_proposal", "klikwerf proposal:team:anouk", only(200, *KLIKWERF)),
    get("matching:company_proposal", "klikwerf proposal:proposed", only(200)),
    get("matching:company_proposal", "klikwerf proposal:approved", only(200)),
    get("matching:company_proposal", "klikwerf proposal:dropped", only(200)),
    get("matching:company_proposal", "klikwerf proposal:untold", only(200)),
    get("matching:company_proposal", "klikwerf proposal:rival", only(200)),
    get("matching:company_proposal", "rival proposal:offered", only(200)),
    post("matching:company_accept", "klikwerf proposal:offered", only(302, *KLIKWERF), {}),
    post("matching:company_accept", "klikwerf proposal:approved", only(302)),
    post("matching:company_accept", "klikwerf proposal:untold", only(302)),
    post("matching:company_decline", "klikwerf proposal:offered", only(422, *KLIKWERF), COMPANY_NO),
    post("matching:company_decline", "klikwerf proposal:untold", only(422), COMPANY_NO),
    Door(
        "companies:offer_new",
        "klikwerf stage",
        get=only(200, *KLIKWERF),
        post=only(422, *KLIKWERF),
        form=OFFER,
    ),
    Door(
        "companies:offer_new",
        "klikwerf opdracht",
        get=only(200, *KLIKWERF),
        post=only(422, *KLIKWERF),
        form=OFFER,
    ),
    Door("companies:offer_new", "klikwerf iets", get=only(200), post=only(422), form=OFFER),
    get("companies:offer", "klikwerf offer:draft", only(200, *KLIKWERF)),
    get("companies:offer", "klikwerf offer:published", only(200, *KLIKWERF)),
    get("companies:offer", "klikwerf offer:rival", only(200)),
    get("companies:offer", "rival offer:rival", only(200, "dirk")),
    get("companies:offer", "rival offer:published", only(200)),
    Door(
        "companies:offer_edit",
        "klikwerf offer:draft",
        get=only(200, *KLIKWERF),
        post=only(422, *KLIKWERF),
        form=OFFER,
    ),
    Door(
        "companies:offer_edit",
        "klikwerf offer:published",
        get=only(302, *KLIKWERF),
        post=only(422, *KLIKWERF),
    ),
    post("companies:offer_submit", "klikwerf offer:draft", only(302, *KLIKWERF), {}),
    post("companies:offer_pause", "klikwerf offer:published", only(302, *KLIKWERF), {}),
    post("companies:offer_resume", "klikwerf offer:paused", only(302, *KLIKWERF), {}),
    post(
        "companies:offer_close",
        "klikwerf offer:published",
        only(422, *KLIKWERF),
        {"reason": "found"},
    ),
    # --- a school: what companies hand in ---
    get("companies:school_offers", "deltion", only(200, "els", **DELTION)),
    get("companies:review", "deltion offer:submitted", only(200, "els", **DELTION)),
    get("companies:review", "deltion offer:kept", only(200, "els", **DELTION)),
    get("companies:review", "windesheim offer:kept", only(200, "frits", "isa")),
    get("companies:review", "deltion offer:draft", only(200, **DELTION)),
    post("companies:publish", "deltion offer:submitted", only(302, "els", **DELTION), {}),
    post("companies:publish", "deltion offer:kept", only(302, "els", **DELTION), {}),
    post("companies:publish", "windesheim offer:kept", only(302, frits=403, isa=403)),
    post("companies:publish", "deltion offer:draft", only(302, **DELTION)),
    post("companies:return", "deltion offer:submitted", only(422, "els", **DELTION), REASON),
    post("companies:return", "windesheim offer:kept", only(422, frits=403, isa=403), REASON),
    post("companies:accredit", "deltion offer:rival", only(302, "els", **DELTION), {"crebos": "25998"}),
    post("companies:accredit", "windesheim offer:kept", only(302, frits=403, isa=403)),
    # --- a school: its proposals and rounds ---
    get("matching:school", "deltion", only(200, "els", **DELTION)),
    get("matching:school", "windesheim", only(200, "frits", "isa")),
    get("matching:school_proposal", "deltion proposal:proposed", only(200, "els", **DELTION)),
    get("matching:school_proposal", "deltion proposal:agreed", only(200, "els", **DELTION)),
    get("matching:school_proposal", "deltion proposal:rival", only(200, **DELTION)),
    get("matching:school_proposal", "windesheim proposal:agreed", only(200)),
    post("matching:move", "deltion proposal:proposed approve", only(302, "els", **DELTION), {}),
    post("matching:move", "deltion proposal:approved undo", only(302, "els", **DELTION), {}),
    post("matching:move", "deltion proposal:proposed drop", only(422, "els", **DELTION), REASON),
    post("matching:move", "deltion proposal:offered withdraw", only(422, "els", **DELTION), REASON),
    post("matching:move", "deltion proposal:agreed reopen", only(422, "els", **DELTION), REASON),
    post("matching:move", "deltion proposal:agreed cancel", only(422, "els", **DELTION), REASON),
    post("matching:move", "deltion proposal:offered accept", only(422, **DELTION), REASON),
    post("matching:move", "deltion proposal:rival withdraw", only(422, **DELTION), REASON),
    post("matching:move", "windesheim proposal:offered withdraw", only(422), REASON),
    Door(
        "matching:rounds",
        "deltion",
        get=only(200, "els", **DELTION),
        post=only(422, "els", **DELTION),
        form={"season": "season"},
    ),
    get("matching:round", "deltion round:deltion", only(200, "els", **DELTION)),
    get("matching:round", "deltion round:windesheim", only(200, **DELTION)),
    get("matching:round", "windesheim round:deltion", only(200)),
    get("matching:round_status", "deltion round:deltion", only(302, "els", **DELTION)),
    get("matching:round_status", "deltion round:windesheim", only(302, **DELTION)),
    get("matching:why", "deltion round:deltion", only(200, "els", **DELTION)),
    get("matching:why", "deltion round:windesheim", only(200, **DELTION)),
    Door(
        "matching:by_hand",
        "deltion round:deltion",
        get=only(200, "els", **DELTION),
        post=only(422, "els", **DELTION),
        form={"student": "student:evi", "offer": "offer:second"},
    ),
    post("matching:run", "deltion round:deltion", only(302, "els", **DELTION), {}),
    post("matching:run", "windesheim round:deltion", only(302)),
    post("matching:approve", "deltion round:deltion", only(302, "els", **DELTION), {"scope": "plain"}),
    post(
        "matching:undo",
        "deltion round:deltion",
        only(302, "els", **DELTION),
        {"proposal": "proposal:approved"},
    ),
    post("matching:release", "deltion round:deltion", only(302, "els", **DELTION), {}),
    post("matching:release", "windesheim round:deltion", only(302)),
)
