"""Tokens: made, shown once, used, withdrawn."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from composer_site.tokens.models import Token
from composer_site.tokens.services import MAX_TOKENS, BadToken, create_token
from generation.models import Composition
from tests.api.conftest import Caller, with_token

pytestmark = pytest.mark.django_db

PAGE = "/account/tokens/"
FORM = {"name": "Practice robot", "scope": "write", "days": "30"}


def status_with(text: str) -> int:
    return with_token(text).get("/api/v1/datasets/").status_code


# What is kept


def test_only_its_beginning_and_its_hash_are_kept(alice):
    new = create_token(alice, name="Robot")

    row = Token.objects.get()
    assert new.text.startswith(f"amc_{row.prefix}_")
    assert row.sha256 == hashlib.sha256(new.text.encode()).hexdigest()
    secret = new.text.rsplit("_", 1)[-1]
    assert not any(secret in str(value) for value in vars(row).values())


def test_its_use_is_noted_once_a_minute(alice, django_assert_num_queries):
    caller = with_token(create_token(alice, name="Robot").text)

    caller.get("/api/v1/")
    first = Token.objects.get().last_used_at
    with django_assert_num_queries(1):
        caller.get("/api/v1/")
    assert first is not None
    assert Token.objects.get().last_used_at == first

    Token.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    caller.get("/api/v1/")
    assert Token.objects.get().last_used_at > first


@pytest.mark.parametrize(("scope", "days"), [("admin", 30), ("read", 0), ("read", 367)])
def test_it_refuses_what_no_token_may_be(alice, scope, days):
    with pytest.raises(BadToken):
        create_token(alice, name="Robot", scope=scope, days=days)


def test_one_has_so_many_and_no_more(alice, bob):
    for number in range(MAX_TOKENS):
        create_token(alice, name=str(number))

    with pytest.raises(BadToken, match="Withdraw one first"):
        create_token(alice, name="One more")
    create_token(bob, name="Bob's first")


# What it opens


def test_a_token_is_its_owner(writer, alice):
    writer.post("/api/v1/compositions/", {"num_notes": 8, "candidates": 1})

    assert Composition.objects.get(is_showcase=False).owner == alice


def test_the_plain_paths_know_it_too(writer, alice):
    writer.post("/generate", {"model": "random", "num_notes": 2})

    assert len(writer.get("/history").json()["results"]) == 1


def test_a_reader_changes_nothing_on_the_plain_paths(callers):
    answer = callers["reader"].post("/generate", {"model": "random"})

    assert answer.status_code == 403
    assert answer.json()["error"].startswith("This token may only read")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text.upper(),
        lambda text: "",
        lambda text: "amc_",
        lambda text: "x" * 10_000,
        lambda text: "amc_00000000_" + "A" * 43,
        lambda text: "caf\u00e9",
    ],
)
def test_what_is_nearly_a_token_opens_nothing(alice, spoil):
    text = create_token(alice, name="Robot").text

    answer = with_token(spoil(text)).get("/api/v1/datasets/")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["title"].endswith("/account/tokens/.")


def test_an_expired_token_says_so(callers):
    answer = callers["expired"].get("/api/v1/datasets/")

    assert answer.json()["title"].startswith("This token has expired.")


def test_a_closed_account_has_no_tokens(alice):
    text = create_token(alice, name="Robot").text
    alice.is_active = False
    alice.save()

    assert status_with(text) == 401


def test_another_scheme_is_not_ours_to_judge(alice):
    caller = Caller(Client(), {"authorization": "Basic YWxpY2U6cGFzc3dvcmQ="})

    assert caller.get("/api/v1/datasets/").status_code == 200


# The page


def test_the_page_shows_a_new_token_once(client, alice):
    client.force_login(alice)

    made = client.post(PAGE, FORM)

    text = made.context["new_token"].text
    assert text in made.content.decode()
    assert f"Bearer {text[:12]}" in made.content.decode()
    assert "no-store" in made["Cache-Control"]
    assert status_with(text) == 200
    again = client.get(PAGE).content.decode()
    assert "Practice robot" in again
    assert text not in again


def test_the_page_lists_ones_own_alone(client, alice, bob):
    create_token(alice, name="Hers")
    create_token(bob, name="His")
    client.force_login(alice)

    page = client.get(PAGE).content.decode()

    assert "Hers" in page
    assert "His" not in page


def test_withdrawing_closes_the_door(client, alice):
    new = create_token(alice, name="Robot")
    client.force_login(alice)

    answer = client.post(f"{PAGE}{new.row.pk}/revoke/", follow=True)

    assert "Robot is withdrawn" in answer.content.decode()
    assert status_with(new.text) == 401


def test_nobody_withdraws_anothers(client, alice, bob):
    new = create_token(alice, name="Robot")
    client.force_login(bob)

    assert client.post(f"{PAGE}{new.row.pk}/revoke/").status_code == 404
    assert client.get(f"{PAGE}{new.row.pk}/revoke/").status_code == 405
    assert Token.objects.count() == 1


def test_a_visitor_is_asked_to_sign_in(client):
    for answer in (client.get(PAGE), client.post(PAGE, FORM)):
        assert answer.status_code == 302
        assert "next=/account/tokens/" in answer["Location"]
    assert not Token.objects.exists()


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"name": "x" * 61}, {"scope": "all"}, {"days": "9999"}]
)
def test_the_form_says_what_is_wrong(client, alice, change):
    client.force_login(alice)

    answer = client.post(PAGE, {**FORM, **change})

    assert answer.status_code == 422
    assert 'class="said"' in answer.content.decode()
    assert not Token.objects.exists()


def test_the_page_says_when_there_is_room_for_no_more(client, alice):
    for number in range(MAX_TOKENS):
        create_token(alice, name=str(number))
    client.force_login(alice)

    answer = client.post(PAGE, FORM)

    assert answer.status_code == 422
    assert "Withdraw one first" in answer.content.decode()


# The command


def test_the_command_makes_lists_and_withdraws(alice, capsys):
    call_command("tokens", "create", "alice", "--scope", "write", "--days", "7")
    text = capsys.readouterr().out.strip()
    assert status_with(text) == 200

    call_command("tokens", "list")
    listed = capsys.readouterr().out
    assert "alice" in listed
    assert text not in listed

    call_command("tokens", "revoke", listed.split()[0])
    assert status_with(text) == 401


def test_the_command_says_what_it_does_not_know(alice):
    with pytest.raises(CommandError, match="no user"):
        call_command("tokens", "create", "nobody")
    with pytest.raises(CommandError, match="no such token"):
        call_command("tokens", "revoke", "00000000")
    with pytest.raises(CommandError, match="1 to 366 days"):
        call_command("tokens", "create", "alice", "--days", "0")
