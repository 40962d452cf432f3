"""What a model knows, and that forms offer nothing else."""

from __future__ import annotations

import json
import re

import pytest

from generation.composing.repertoire import Repertoire, repertoire_of_forms
from generation.offers import repertoire_of
from training.music.encodings import Form, MelodyEncoding
from training.music.pitch import Key
from training.music.score import Metre

JIG = Form(9600, metre=Metre(6, 8), key=Key(2, "major"))
REEL = Form(9600, metre=Metre(2, 2), key=Key(9, "dorian"))
ODD = Form(9600, metre=Metre(7, 8), key=Key(3, "major"))


def test_it_is_what_the_training_pieces_were():
    known = repertoire_of_forms(
        "Tunes", MelodyEncoding(), ((REEL, 40), (JIG, 300), (ODD, 1))
    )

    assert known.metres == (Metre(6, 8), Metre(2, 2), Metre(7, 8))
    assert known.modes == ("major", "dorian")
    assert known.known_tonics == (2, 9)  # One piece in 341 is not enough.
    assert known.tonics[:2] == (2, 9)
    assert sorted(known.tonics) == list(range(12))
    assert known.num_parts == 1
    assert known.in_words == "Writes one melody."


def test_music_without_keys_offers_none():
    known = repertoire_of_forms("Notes", MelodyEncoding(), ((Form(1920), 3),))

    assert known.modes == known.tonics == ()
    assert not known.knows_keys


@pytest.mark.django_db
def test_house_models_say_what_they_write(tunes, chorales, quartets):
    voices, players = repertoire_of(chorales), repertoire_of(quartets)

    assert isinstance(voices, Repertoire) and isinstance(players, Repertoire)
    assert voices.in_words == "Writes 4 parts: Soprano, Alto, Tenor and Bass."
    assert voices.compass == (36, 81)
    assert players.num_parts == 4
    assert players.modes == ("major",)


@pytest.mark.django_db
def test_a_bundle_that_is_gone_is_known_by_nothing(tunes):
    tunes.bundle_hash = "0" * 64

    assert repertoire_of(tunes) is None


# The form


def options(page: str, name: str) -> list[str]:
    select = re.search(rf'<select name="{name}".*?</select>', page, re.DOTALL)
    assert select
    return re.findall(r'value="([^"]*)"', select.group())


@pytest.mark.django_db
def test_the_form_offers_what_the_model_knows(client):
    tunes = client.get("/compose/").content.decode()
    choir = client.get("/compose/?model=chorales").content.decode()

    assert "6/8" in options(tunes, "metre")
    assert options(choir, "metre") == ["", "4/4", "3/4", "12/8", "3/2"]
    assert "lydian" in options(tunes, "mode")
    assert "lydian" not in options(choir, "mode")
    assert options(choir, "tonic")[:4] == ["", "G", "A", "D"]
    assert '<option value="Bb">B♭</option>' in choir
    assert 'placeholder="0.85"' in choir  # what a piece without a wish is written at
    assert "Writes 4 parts" in choir
    assert 'href="?model=chorales"' in tunes


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["tunes", "chorales", "quartets"])
def test_no_metre_is_offered_that_the_model_refuses(client, slug):
    page = client.get(f"/compose/?model={slug}").content.decode()

    for metre in options(page, "metre")[1:]:
        wishes = {"model": slug, "metre": metre, "bars": "1", "candidates": "1"}
        assert client.post("/compose/", wishes).status_code == 302, metre


@pytest.mark.django_db
def test_what_it_does_not_know_stays_in_view_beside_the_sentence(client):
    response = client.post("/compose/", {"model": "chorales", "metre": "6/8"})

    page = response.content.decode()
    assert response.status_code == 422
    assert "knows no music in 6/8" in page
    assert '<option value="6/8" selected>' in page


@pytest.mark.django_db
def test_scripts_are_told_what_every_model_knows(client):
    page = client.get("/compose/").content.decode()

    told = re.findall(r'data-knows="([^"]*)"', page)
    knows = [json.loads(text.replace("&quot;", '"')) for text in told]
    assert [len(known["metres"]) for known in knows] == [10, 4, 5]
    assert knows[1]["tonics"][0] == "G"
