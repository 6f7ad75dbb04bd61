"""Odd requests are refused in words, and personal pages are stored nowhere."""

import io
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.test import Client

from tests.conftest import Cast, client_of
from topcentrum.middleware import is_readable
from topcentrum.wsgi import application

CODECS = (
    *("hex", "rot13", "idna", "punycode", "zlib", "undefined", "utf-7", "unicode_escape"),
    *("latin-1", "utf-16", "utf8x", '"hex"', '"utf-8;hex"', "", "a" * 5000),
)
ENCODED = ("charset*=utf-8''%00a", "charset*=nope''%41", "boundary*=undefined''%ff", "x*0*=idna''a")
FORM = b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\nw\r\n--x--\r\n'


def ask(method: str, content_type: str, query: str = "", body: bytes = b"") -> tuple[str, str]:
    """Status and page of a request as a server for WSGI hands it over."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "HTTP_HOST": "localhost",
        "PATH_INFO": "/toegankelijkheid/",
        "QUERY_STRING": query,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    setup_testing_defaults(environ)
    said: list[str] = []
    page = b"".join(application(environ, lambda status, _headers: said.append(status)))
    return said[0], page.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("parameter", [*(f"charset={codec}" for codec in CODECS), *ENCODED])
@pytest.mark.parametrize(
    ("method", "kind", "query", "body"),
    [
        ("GET", "text/plain", "q=w%C3%A9", b""),
        ("POST", "multipart/form-data; boundary=x", "", FORM),
    ],
    ids=["a query", "a form"],
)
def test_another_alphabet_is_refused_in_words(
    parameter: str, method: str, kind: str, query: str, body: bytes
) -> None:
    status, page = ask(method, f"{kind}; {parameter}", query, body)
    assert status == "400 Bad Request"
    assert "Dit konden we niet lezen" in page


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8 ; q=1"])
def test_a_page_asked_in_utf_8_is_shown(charset: str) -> None:
    assert ask("GET", f"text/plain; charset={charset}", "q=w%C3%A9")[0] == "200 OK"


def test_what_browsers_send_is_readable() -> None:
    for kind in (
        "",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded;charset=UTF-8",
        "multipart/form-data; boundary=----WebKitFormBoundaryAbc0123456789",
        "multipart/form-data; boundary=---------------------------735323031399963166993862150",
    ):
        assert is_readable(kind), kind


@pytest.mark.django_db
@pytest.mark.parametrize("cookie", ["sessionid", "csrftoken", "messages", "django_language"])
def test_a_nul_in_a_cookie_is_refused_in_words(cookie: str) -> None:
    answer = Client(raise_request_exception=False).get(
        "/toegankelijkheid/", headers={"cookie": f'{cookie}="\\000abcdefghijk"'}
    )
    assert answer.status_code == 400
    assert "Dit konden we niet lezen" in answer.content.decode()
    assert "default-src" in answer["Content-Security-Policy"]


@pytest.mark.django_db
def test_an_odd_cookie_without_a_nul_is_not_in_the_way() -> None:
    answer = Client().get("/toegankelijkheid/", headers={"cookie": 'sessionid="\\001\\377"; x; =y'})
    assert answer.status_code == 200


@pytest.mark.django_db
def test_a_personal_page_is_not_stored(cast: Cast) -> None:
    answer = client_of(cast.anouk.user).get("/student/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_the_front_page_of_a_visitor_may_be() -> None:
    assert "no-store" not in Client().get("/").get("Cache-Control", "")
