"""The demo's post: every letter can be read, and nothing but letters."""

import mailbox
import os
import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.factories.accounts import UserFactory
from topcentrum.demo import postbox

pytestmark = pytest.mark.django_db


def write(
    folder: Path,
    *,
    to: str = "info@klikwerf.example",
    subject: str = "Dag",
    html: str = "",
    **more: Any,
) -> str:
    """Put a letter in the Maildir as the mail catcher does; its key."""
    message = EmailMessage()
    message["From"] = "Topcentrum <post@topcentrum.example>"
    message["To"] = to
    message["Subject"] = subject
    message.set_content(more.get("text", "Je stage staat online."))
    if html:
        message.add_alternative(html, subtype="html")
    return put(folder, message.as_bytes(), at=more.get("at"))


def put(folder: Path, raw: bytes, *, at: float | None = None) -> str:
    """Put these bytes in the Maildir; their key."""
    key = mailbox.Maildir(folder).add(raw)
    if at is not None:
        os.utime(folder / "new" / key, (at, at))
    return key


def test_without_a_folder_there_is_no_post_yet(demo: Path, client: Client) -> None:
    response = client.get("/demo/post/")
    assert response.status_code == 200
    assert "Nog geen post" in response.content.decode()


def test_an_unset_folder_is_an_empty_one(demo: Path, client: Client, settings: Any) -> None:
    settings.DEMO_POST_FOLDER = ""
    assert "Nog geen post" in client.get("/demo/post/").content.decode()
    assert client.get("/demo/post/1/").status_code == 404


def test_letters_stand_newest_first_with_sender_receiver_and_subject(
    demo: Path, client: Client
) -> None:
    write(demo, subject="De oudste", at=1_000_000_000)
    write(demo, subject="De nieuwste: café", to="sanne@student.deltion.example", at=1_000_000_900)
    write(demo, subject="De middelste", at=1_000_000_500)
    response = client.get("/demo/post/")
    page = response.content.decode()
    subjects = [one.subject for one in response.context["page"]]
    assert subjects == ["De nieuwste: café", "De middelste", "De oudste"]
    assert "sanne@student.deltion.example" in page
    assert "Van Topcentrum" in page
    assert "9 september 04:01" in page


def test_letters_already_seen_are_still_there(demo: Path, client: Client) -> None:
    key = write(demo, subject="Gezien")
    (demo / "new" / key).rename(demo / "cur" / f"{key}:2,S")
    assert "Gezien" in client.get("/demo/post/").content.decode()
    assert client.get(f"/demo/post/{key}:2,S/").status_code == 200


def test_the_list_can_be_kept_to_one_receiver(demo: Path, client: Client) -> None:
    write(demo, to="Sanne de Vries <sanne@student.deltion.example>", subject="Voor Sanne")
    write(demo, to="info@klikwerf.example", subject="Voor Klikwerf")
    page = client.get("/demo/post/", {"aan": " SANNE@ "}).content.decode()
    assert "Voor Sanne" in page
    assert "Voor Klikwerf" not in page
    assert "Geen post gevonden" in client.get("/demo/post/", {"aan": "zzz"}).content.decode()


def test_a_long_list_comes_in_pages_of_25(demo: Path, client: Client) -> None:
    for number in range(28):
        write(demo, subject=f"Brief {number:02d}", at=1_000_000_000 + number)
    first = client.get("/demo/post/", {"aan": "klikwerf"})
    assert len(first.context["page"].object_list) == 25
    assert "Brief 27" in first.content.decode()
    # The next page keeps the receiver.
    assert re.search(r'href="\?aan=klikwerf&(amp;)?page=2"', first.content.decode())
    second = client.get("/demo/post/", {"page": 2})
    assert [one.subject for one in second.context["page"]] == ["Brief 02", "Brief 01", "Brief 00"]
    for page in ("0", "-1", "99", "x", "\0", "9" * 50):
        assert client.get("/demo/post/", {"page": page}).status_code == 200


def test_a_letter_shows_its_text_with_links_that_work(demo: Path, client: Client) -> None:
    key = write(demo, text="Kijk op http://localhost:8000/student/ <script>alert(1)</script>")
    page = client.get(f"/demo/post/{key}/").content.decode()
    assert '<a href="http://localhost:8000/student/"' in page
    assert "<script>alert" not in page
    assert "<iframe" not in page


def test_the_formatted_letter_stands_in_a_frame_that_can_do_nothing(
    demo: Path, client: Client
) -> None:
    html = "<!doctype html><html><head><title>x</title></head><body>Dag</body></html>"
    key = write(demo, html=html)
    response = client.get(f"/demo/post/{key}/")
    page = response.content.decode()
    frame = re.search(r"<iframe[^>]*>", page)
    assert frame
    assert f'src="/demo/post/{key}/opgemaakt/"' in frame[0]
    assert 'sandbox="allow-top-navigation-by-user-activation"' in frame[0]
    assert "frame-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "Je stage staat online." in page  # the text part, folded


@pytest.mark.parametrize(("words", "length"), [(50, "short"), (130, ""), (250, "long")])
def test_the_frame_of_a_letter_is_as_long_as_its_text_asks(
    demo: Path, client: Client, words: int, length: str
) -> None:
    """The end of a long letter is not below the edge of its frame."""
    key = write(demo, text="wordt " * words, html="<p>Dag</p>")
    page = client.get(f"/demo/post/{key}/").content.decode()
    assert re.findall(r"letter__frame--(\w+)", page) == [length][: len(length)]


def test_the_formatted_letter_itself_loads_and_runs_nothing(demo: Path, client: Client) -> None:
    html = '<html><head lang="nl"><title>x</title></head><body><script>1</script></body></html>'
    key = write(demo, html=html)
    response = client.get(f"/demo/post/{key}/opgemaakt/")
    policy = dict(
        part.strip().partition(" ")[::2] for part in response["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["sandbox"] == "allow-top-navigation-by-user-activation"
    assert policy["form-action"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert "script-src" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    # Links leave the frame.
    assert '<head lang="nl"><base target="_top">' in response.content.decode()


def test_a_letter_without_a_head_gets_its_links_out_too(demo: Path, client: Client) -> None:
    key = write(demo, html="<p>Dag</p>")
    page = client.get(f"/demo/post/{key}/opgemaakt/").content.decode()
    assert page.startswith('<base target="_top"><p>Dag</p>')


def test_whoever_holds_a_letter_goes_on_as_its_receiver(demo: Path, client: Client) -> None:
    user = UserFactory(email="youssef@student.example", name="Youssef El Amrani")
    key = write(demo, to="Youssef <YOUSSEF@student.example>")
    page = client.get(f"/demo/post/{key}/").content.decode()
    assert "Ga verder als Youssef El Amrani" in page
    assert "_auth_user_id" not in client.session
    client.post(f"/demo/post/{key}/")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert "Je bent nu Youssef El Amrani" in client.get(f"/demo/post/{key}/").content.decode()


@pytest.mark.parametrize("active", [None, False])
def test_a_letter_to_nobody_who_may_sign_in_leads_nowhere(
    demo: Path, client: Client, active: bool | None
) -> None:
    if active is not None:
        UserFactory(email="iemand@anders.example", is_active=active)
    key = write(demo, to="iemand@anders.example")
    assert "Ga verder als" not in client.get(f"/demo/post/{key}/").content.decode()
    assert client.post(f"/demo/post/{key}/").status_code == 404
    assert "_auth_user_id" not in client.session


BROKEN = {
    "nothing": b"",
    "no head": b"\n\n",
    "noise": bytes(range(256)) * 40,
    "no colon": b"this is not a header\r\nnor is this\r\n",
    "raw bytes in the head": b"Subject: caf\xe9 \xff\xfe\r\nTo: \xc3\x28@x\r\n\r\nDag",
    "wrong encoded word": b"Subject: =?utf-8?b?=C3?= =?nope?q?x?= =?utf-8?b?a?=\r\n\r\nDag",
    "nul": b"Subject: a\0b\r\nTo: x\0@y\r\n\r\nD\0ag",
    "unknown charset": b"Content-Type: text/plain; charset=klingon\r\n\r\nDag",
    "charset that is no text": b"Content-Type: text/plain; charset=hex\r\n\r\nzz",
    "undefined charset": b"Content-Type: text/plain; charset=undefined\r\n\r\nDag",
    "nul in charset": b'Content-Type: text/plain; charset="a\0b"\r\n\r\nDag',
    "wrong base64": b"Content-Transfer-Encoding: base64\r\n\r\n!!!=not base64",
    "unknown encoding": b"Content-Transfer-Encoding: rot13\r\n\r\nDag",
    "uuencode": b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n#\xff\xff",
    "multipart that stops": b"Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nConte",
    "multipart without boundary": b"Content-Type: multipart/mixed\r\n\r\nDag",
    "text that claims to be many": b"Content-Type: multipart/\r\n\r\nDag",
    "letter in a letter": b"Content-Type: message/rfc822\r\n\r\n" * 2,
    "html in many bytes": b"Content-Type: text/html; charset=utf-16\r\n\r\n\xff\xfe<",
    "endless head": b"X: " + b"y" * 200_000 + b"\r\nSubject: z\r\n\r\nDag",
    "endless subject": b"Subject: " + b"=?utf-8?q?x?= " * 2_000 + b"\r\n\r\nDag",
    "endless letter": b"Subject: x\r\n\r\n" + b"a b" * 1_000_000,
    "half a character": (
        b"Subject: =?unicode_escape?q?=5Cud800?=\r\n"
        b"Content-Type: text/plain; charset=unicode_escape\r\n\r\n\\ud800"
    ),
    "turned around": "Subject: \u202eabc\r\n\r\nDag".encode(),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_letter_shows_as_far_as_it_can_be_read(
    demo: Path, client: Client, name: str
) -> None:
    key = put(demo, BROKEN[name])
    write(demo, subject="Een hele brief")
    response = client.get("/demo/post/")
    assert response.status_code == 200
    assert "Een hele brief" in response.content.decode()
    assert len(response.context["page"].object_list) == 2
    assert client.get(f"/demo/post/{key}/").status_code == 200
    assert client.get(f"/demo/post/{key}/opgemaakt/").status_code in (200, 404)


def test_what_can_be_read_of_a_broken_letter_is_read(demo: Path, client: Client) -> None:
    key = put(
        demo, b"Subject: caf\xe9\r\nContent-Type: text/plain; charset=klingon\r\n\r\nD\xc3\xa1g"
    )
    page = client.get(f"/demo/post/{key}/").content.decode()
    assert "caf" in page
    assert "Dág" in page


def test_a_letter_without_words_says_so(demo: Path, client: Client) -> None:
    key = put(demo, b"To: x@y.example\r\nContent-Type: image/png\r\n\r\nxx")
    page = client.get(f"/demo/post/{key}/").content.decode()
    assert "(zonder onderwerp)" in page
    assert "Deze brief kan niet gelezen worden." in page


@pytest.mark.parametrize(
    "key",
    [
        "..",
        ".",
        "../secret",
        "..%2Fsecret",
        "..%2F..%2Fsecret",
        "%2e%2e%2fsecret",
        "..\\secret",
        "new",
        "new%2F..%2F..%2Fsecret",
        "%00",
        "secret%00",
        "a" * 3000,
        "*",
        "~",
    ],
)
def test_a_key_never_leads_out_of_the_folder(demo: Path, client: Client, key: str) -> None:
    write(demo)
    for place in (demo / "secret", demo.parent / "secret"):
        place.write_text("Subject: GEHEIM\n\nGEHEIM")
    for path in (f"/demo/post/{key}/", f"/demo/post/{key}/opgemaakt/"):
        response = client.get(path)
        assert response.status_code == 404
        assert "GEHEIM" not in response.content.decode()


def test_a_whole_path_as_key_opens_nothing(demo: Path) -> None:
    key = write(demo)
    secret = demo.parent / "secret"
    secret.write_text("Subject: GEHEIM\n\nGEHEIM")
    for wrong in (str(secret), "../secret", f"../new/{key}", str(demo / "new" / key)):
        assert postbox.letter(str(demo), wrong) is None
    assert postbox.letter(str(demo), key)


def test_links_and_folders_among_the_letters_are_not_followed(demo: Path, client: Client) -> None:
    write(demo)
    secret = demo.parent / "secret"
    secret.write_text("Subject: GEHEIM\n\nGEHEIM")
    (demo / "new" / "link").symlink_to(secret)
    (demo / "new" / "folder").mkdir()
    (demo / "new" / "nowhere").symlink_to(demo / "gone")
    page = client.get("/demo/post/")
    assert len(page.context["page"].object_list) == 1
    assert "GEHEIM" not in page.content.decode()
    for key in ("link", "folder", "nowhere"):
        assert client.get(f"/demo/post/{key}/").status_code == 404


def test_a_letter_that_vanishes_while_it_is_read_is_simply_gone(
    demo: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = write(demo)

    def gone(*args: object, **kwargs: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", gone)
    assert postbox.letter(str(demo), key) is None
    assert len(postbox.envelopes(str(demo))) == 1


def test_a_folder_that_cannot_be_read_is_an_empty_one(
    demo: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(demo)

    def shut(*args: object) -> None:
        raise PermissionError

    monkeypatch.setattr("topcentrum.demo.postbox.scandir", shut)
    assert "Nog geen post" in client.get("/demo/post/").content.decode()


@pytest.mark.parametrize("path", ["/demo/post/", "/demo/post/1/opgemaakt/"])
def test_the_post_can_only_be_looked_at(demo: Path, client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
    assert client.head("/demo/post/").status_code == 200
