from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db


def test_the_house_models_are_listed(client, django_assert_num_queries):
    with django_assert_num_queries(3):  # models, versions, metrics
        response = client.get("/models/")

    slugs = [model.slug for model in response.context["models"]]
    assert sorted(slugs) == ["chorales", "quartets", "tunes"]
    assert "Chorales" in response.content.decode()


@pytest.mark.parametrize("slug", ["tunes", "chorales", "quartets"])
def test_a_model_shows_its_measures_beside_the_baselines(client, slug):
    response = client.get(f"/models/{slug}/")

    assert response.status_code == 200
    rows = {row["name"]: row for row in response.context["metric_rows"]}
    assert {"bits_per_note", "r2", "mse", "rmse"} <= set(rows)
    labels = response.context["baseline_labels"]
    assert len(labels) == len(rows["r2"]["baselines"]) == 3
    page = response.content.decode()
    assert f"{rows['bits_per_note']['value']:.3f}" in page
    assert "n-gram" in page


@pytest.mark.parametrize(
    ("tried", "said"),
    [
        (0, "These numbers come from pieces it had never seen. "),
        (1, "from a single piece it had never seen: so little says only roughly"),
        (2, "from 2 pieces it had never seen: so few say only roughly"),
        (378, "from 378 pieces it had never seen. "),
    ],
)
def test_measures_say_of_how_many_pieces_they_are(client, tunes, tried, said):
    tunes.counts = tunes.counts | {"test": tried}
    tunes.save()

    assert said in client.get("/models/tunes/").content.decode()


@pytest.mark.parametrize("slug", ["tunes", "chorales", "quartets"])
def test_house_models_beat_the_ngram_on_pieces_they_have_not_seen(request, slug):
    version = request.getfixturevalue(slug)

    ours = version.scores()["bits_per_note"]

    assert ours < version.scores(baseline="ngram")["bits_per_note"]


def test_a_model_shows_what_it_writes(client):
    response = client.get("/models/tunes/")

    assert len(response.context["samples"]) >= 2
    assert response.context["curve"]


def test_a_version_can_be_named(client):
    assert client.get("/models/tunes/?version=1").status_code == 200


@pytest.mark.parametrize("number", ["2", "0", "x", "-1", "99999999999999999999", "²"])
def test_a_version_that_is_not_there_is_a_404(client, number):
    assert client.get(f"/models/tunes/?version={number}").status_code == 404


def test_a_model_that_is_not_there_is_a_404(client):
    assert client.get("/models/no-such/").status_code == 404
