"""Sign up, log in, change, reset, leave: as people and as strangers try it."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse

from composer_site.accounts import services, views
from composer_site.accounts.throttle import Limit
from generation.models import Composition

pytestmark = pytest.mark.django_db

PASSWORD = "a quiet slow air"
GOOD = {"username": "dora", "password1": PASSWORD, "password2": PASSWORD}


def make_piece(**whose: object) -> Composition:
    return Composition.objects.create(
        title="Reel", recipe={}, seed=1, score={"parts": []}, **whose
    )


@pytest.fixture
def few_tries(monkeypatch):
    """Three tries at anything."""
    for name in ("LOGIN_HERE", "SIGN_UP", "RESET_TO", "OWN_PASSWORD"):
        limit = Limit(name, tries=3, seconds=600)
        monkeypatch.setattr(views, name, limit)


# Sign-up


def test_one_signs_up_and_is_in(client):
    response = client.post("/sign-up/", GOOD, follow=True)

    assert response.redirect_chain == [("/my/pieces/", 302)]
    assert response.context["user"].get_username() == "dora"
    assert "Welcome, dora." in response.content.decode()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("username", "", "This field is required"),
        ("username", "alice", "That name is taken"),
        ("username", "ALICE", "That name is taken"),
        ("username", "a b", "valid username"),
        ("email", "nowhere", "valid email"),
        ("password1", "12345678", ""),
        ("password2", "something else", ""),
    ],
)
def test_sign_up_says_what_to_change(client, alice, field, value, sentence):
    response = client.post("/sign-up/", {**GOOD, field: value})

    assert response.status_code == 200
    assert response.context["form"].errors
    assert sentence in response.content.decode()
    assert User.objects.count() == 1


def test_an_address_is_never_said_to_be_known(client, alice):
    alice.email = "alice@example.org"
    alice.save()

    response = client.post("/sign-up/", {**GOOD, "email": "alice@example.org"})

    assert response["Location"] == "/my/pieces/"


def test_a_name_taken_in_the_same_moment_is_a_sentence(client, alice, monkeypatch):
    # The form looked before alice was there.
    monkeypatch.setattr(views.SignUpForm, "clean_username", lambda form: "alice")
    monkeypatch.setattr(views.SignUpForm, "validate_unique", lambda form: None)

    response = client.post("/sign-up/", GOOD)

    assert "That name is taken" in response.content.decode()


# Log in and out


def test_one_logs_in_and_out(client, alice):
    client.post("/log-in/", {"username": "alice", "password": "password"})
    assert "alice" in client.get("/").content.decode()

    response = client.post("/log-out/")

    assert response["Location"] == "/"
    assert "Log in" in client.get("/").content.decode()


def test_a_link_cannot_log_anybody_out(client, alice):
    client.force_login(alice)

    assert client.get("/log-out/").status_code == 405


def test_known_and_unknown_names_get_the_same_page(alice):
    def page_for(name: str) -> str:
        data = {"username": name, "password": "wrong"}
        page = Client().post("/log-in/", data).content.decode()
        return re.sub(r'value="[^"]*"', "", page)

    assert page_for("alice") == page_for("nobody")


def test_known_and_unknown_names_get_the_same_work(alice, settings, monkeypatch):
    hashed = []
    original = User.set_password

    def counting(user, password):
        hashed.append(password)
        original(user, password)

    monkeypatch.setattr(User, "set_password", counting)
    checked = []
    monkeypatch.setattr(
        User, "check_password", lambda user, password: checked.append(password)
    )

    Client().post("/log-in/", {"username": "nobody", "password": "one"})
    Client().post("/log-in/", {"username": "alice", "password": "two"})

    assert (hashed, checked) == (["one"], ["two"])


def test_the_session_gets_another_key(client, alice):
    client.post("/compose/", {"model": "tunes"})
    before = client.session.session_key

    client.post("/log-in/", {"username": "alice", "password": "password"})

    assert client.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()


@pytest.mark.parametrize("path", ["/log-in/", "/sign-up/"])
@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/models/", "/models/"),
        ("https://elsewhere.example/", "/my/pieces/"),
        ("//elsewhere.example/", "/my/pieces/"),
        ("/\\elsewhere.example", "/my/pieces/"),
        ("javascript:alert(1)", "/my/pieces/"),
        ("", "/my/pieces/"),
    ],
)
def test_one_is_led_on_within_the_site_only(client, alice, path, asked, given):
    data = {**GOOD, "username": "alice", "password": "password", "next": asked}
    if path == "/sign-up/":
        data["username"] = "dora"

    response = client.post(path, data)

    assert response["Location"] == given


def test_the_way_on_is_kept_from_link_to_form(client):
    page = client.get("/models/tunes/?version=1").content.decode()
    (link,) = re.findall(r'href="(/log-in/\?[^"]*)"', page)

    form = client.get(link).content.decode()

    assert 'name="next" value="/models/tunes/?version=1"' in form


def test_forms_without_their_token_are_refused(db):
    careful = Client(enforce_csrf_checks=True)

    for path in ("/log-in/", "/log-out/", "/sign-up/", "/reset/"):
        assert careful.post(path, GOOD).status_code == 403


# Too many tries


def test_guessing_is_stopped_even_with_the_right_password(client, alice, few_tries):
    for _ in range(3):
        client.post("/log-in/", {"username": "alice", "password": "wrong"})

    response = client.post("/log-in/", {"username": "alice", "password": "password"})

    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 201
    assert "Too many tries" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_names_in_other_letters_are_the_same_name(client, alice, few_tries):
    answers = [
        client.post("/log-in/", {"username": name, "password": "wrong"}).status_code
        for name in ("alice", "ALICE", "Alice", "aLICE")
    ]

    assert answers == [200, 200, 200, 429]


def test_an_unknown_name_is_stopped_likewise(client, few_tries):
    answers = [
        client.post("/log-in/", {"username": "no", "password": "x"}).status_code
        for _ in range(4)
    ]

    assert answers == [200, 200, 200, 429]


def test_the_owner_elsewhere_still_gets_in(client, alice, few_tries):
    for _ in range(5):
        client.post("/log-in/", {"username": "alice", "password": "wrong"})

    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    response = elsewhere.post("/log-in/", {"username": "alice", "password": "password"})

    assert response.status_code == 302


def test_a_forged_address_is_not_another_place(client, few_tries):
    answers = [
        client.post(
            "/log-in/",
            {"username": "alice", "password": "x"},
            headers={"x-forwarded-for": f"203.0.113.{n}"},
        ).status_code
        for n in range(4)
    ]

    assert answers[-1] == 429


def test_logging_in_rightly_is_not_limited(alice, few_tries):
    for _ in range(6):
        response = Client().post(
            "/log-in/", {"username": "alice", "password": "password"}
        )
        assert response.status_code == 302


def test_the_admins_way_in_is_the_same_door(client, alice, few_tries):
    for _ in range(3):
        client.post("/admin/login/", {"username": "alice", "password": "wrong"})

    response = client.post("/log-in/", {"username": "alice", "password": "password"})

    assert response.status_code == 429


def test_an_admin_is_led_on_to_the_admin(client, admin_user):
    first = client.get("/admin/")
    data = {"username": "admin", "password": "password", "next": "/admin/"}

    response = client.post("/admin/login/", data, follow=True)

    assert first["Location"] == "/admin/login/?next=/admin/"
    assert response.redirect_chain == [("/admin/", 302)]
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/sign-up/", {"username": ""}),
        ("/reset/", {"email": "someone@example.org"}),
        ("/account/", {"username": "alice", "password": "wrong"}),
        ("/account/password/", {"old_password": "wrong"}),
        ("/account/delete/", {"password": "wrong"}),
    ],
)
def test_every_form_has_its_limit(client, alice, few_tries, path, data):
    if path.startswith("/account"):
        client.force_login(alice)

    answers = [client.post(path, data).status_code for _ in range(4)]

    assert answers[:3] in ([200] * 3, [302] * 3)
    assert answers[3] == 429


# The account


def test_an_account_says_what_is_in_it(client, alice):
    make_piece(owner=alice, is_favourite=True)
    make_piece(owner=alice)
    make_piece(session_key="someone")
    client.force_login(alice)

    usage = client.get("/account/").context["usage"]

    assert usage == services.Usage(pieces=2, favourites=1, files=0)


def test_name_and_address_change_with_the_password(client, alice):
    client.force_login(alice)
    data = {"username": "Alice", "email": "a@example.org", "password": "password"}

    response = client.post("/account/", data, follow=True)

    alice.refresh_from_db()
    assert "Saved." in response.content.decode()
    assert (alice.username, alice.email) == ("Alice", "a@example.org")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password": "wrong"}, "That is not your password."),
        ({"password": ""}, "This field is required."),
        ({"username": "CHARLIE"}, "That name is taken."),
    ],
)
def test_name_and_address_stay_otherwise(client, alice, charlie, change, sentence):
    client.force_login(alice)
    data = {"username": "alice", "email": "a@example.org", "password": "password"}

    response = client.post("/account/", data | change)

    alice.refresh_from_db()
    assert sentence in response.content.decode()
    assert (alice.username, alice.email) == ("alice", "")
    assert response.context["user"].username == "alice"


def test_a_new_password_ends_the_other_sessions(alice):
    here, there = Client(), Client()
    here.force_login(alice)
    there.force_login(alice)

    here.post(
        "/account/password/",
        {
            "old_password": "password",
            "new_password1": PASSWORD,
            "new_password2": PASSWORD,
        },
    )

    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302


def test_deleting_an_account_takes_all_of_it(client, alice, charlie, tunes):
    mine = make_piece(owner=alice, version=tunes)
    make_piece(owner=alice, parent=mine)
    his = make_piece(owner=charlie, parent=mine)
    client.force_login(alice)

    response = client.post("/account/delete/", {"password": "password"}, follow=True)

    assert "are deleted" in response.content.decode()
    assert not User.objects.filter(username="alice").exists()
    assert list(Composition.objects.filter(is_showcase=False)) == [his]


def test_deleting_an_account_takes_its_password(client, alice):
    client.force_login(alice)

    response = client.post("/account/delete/", {"password": "wrong"})

    assert "That is not your password." in response.content.decode()
    assert User.objects.filter(username="alice").exists()


def test_an_account_others_depend_on_says_so(client, alice, tunes):
    from training.models import Model, ModelVersion

    model = Model.objects.create(slug="hers", title="Hers", owner=alice)
    version = ModelVersion.objects.create(model=model, number=1, bundle_hash="0" * 64)
    make_piece(session_key="someone", version=version)
    client.force_login(alice)

    response = client.post("/account/delete/", {"password": "password"})

    assert "Other people" in response.content.decode()
    assert User.objects.filter(username="alice").exists()


# Reset


def link_in(message: mail.EmailMessage) -> str:
    (link,) = re.findall(r"https?://testserver(/reset/\S+)", str(message.body))
    return link


@pytest.fixture
def forgetful(alice) -> User:
    alice.email = "alice@example.org"
    alice.save()
    return alice


def ask(client, capture, address: str):
    with capture(execute=True):
        return client.post("/reset/", {"email": address}, follow=True)


def test_a_link_in_the_mail_sets_a_new_password(
    client, forgetful, mailoutbox, django_capture_on_commit_callbacks
):
    ask(client, django_capture_on_commit_callbacks, "Alice@example.org")
    link = link_in(mailoutbox[0])

    form = client.get(link, follow=True)
    new = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    done = client.post(form.redirect_chain[-1][0], new, follow=True)

    assert mailoutbox[0].to == ["alice@example.org"]
    assert "Your new password is set" in done.content.decode()
    assert client.login(username="alice", password=PASSWORD)
    used = client.get(link, follow=True)
    assert "no longer works" in used.content.decode()


def test_known_and_unknown_addresses_get_the_same_answer(
    client, forgetful, mailoutbox, django_capture_on_commit_callbacks
):
    known = ask(client, django_capture_on_commit_callbacks, "alice@example.org")
    unknown = ask(client, django_capture_on_commit_callbacks, "nobody@example.org")

    assert known.content == unknown.content
    assert known.redirect_chain == unknown.redirect_chain
    assert len(mailoutbox) == 1


def test_known_and_unknown_addresses_get_the_same_work(
    client, forgetful, monkeypatch, django_capture_on_commit_callbacks
):
    asked = []
    monkeypatch.setattr(
        services, "async_task", lambda path, email, **kwargs: asked.append(email)
    )

    for address in ("alice@example.org", "nobody@example.org"):
        ask(client, django_capture_on_commit_callbacks, address)

    # Nobody is looked for before the answer is given.
    assert asked == ["alice@example.org", "nobody@example.org"]


# Alice owns it, bob has an account of his own, charlie has none


@pytest.mark.parametrize(
    ("name", "alices", "charlies"),
    [
        ("sign_up", 302, 200),
        ("login", 200, 200),
        ("account", 200, 302),
        ("password_change", 200, 302),
        ("account_delete", 200, 302),
        ("password_reset", 200, 200),
        ("password_reset_done", 200, 200),
    ],
)
def test_who_may_see_which_page(client, alice, name, alices, charlies):
    visitors = client.get(reverse(name))
    client.force_login(alice)
    hers = client.get(reverse(name))

    assert (hers.status_code, visitors.status_code) == (alices, charlies)
    if charlies == 302:
        assert visitors["Location"].startswith("/log-in/?next=")


@pytest.mark.parametrize(
    "path", ["/account/", "/account/password/", "/account/delete/", "/my/pieces/"]
)
def test_no_browser_keeps_a_page_that_is_private(client, alice, path):
    client.force_login(alice)

    assert "no-store" in client.get(path)["Cache-Control"]


def test_pages_of_the_account_ask_few_questions(
    client, alice, django_assert_num_queries
):
    client.force_login(alice)

    with django_assert_num_queries(5):  # session, user, and again for the form, usage
        client.get("/account/")
