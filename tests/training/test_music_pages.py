"""The pages where one brings music: as its owner, a stranger and a visitor try them."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.learning.tiny import tune
from tests.training import files
from tests.training.files import bring, form_of, midi, read
from tests.training.test_own_music import chords
from training import incoming
from training.models import Dataset, Piece, Upload, WorkerBeat
from training.pieces import keep_piece
from training.uploads import import_upload

pytestmark = pytest.mark.django_db

LIST, UPLOAD, CHOSEN = "/my/music/", "/my/music/upload/", "/my/music/chosen/"
NEW = "/datasets/new/music/"


@pytest.fixture(autouse=True)
def bells():
    """Nothing is read or made here."""
    with (
        patch("training.doorbell.async_task"),
    ):
        yield


@pytest.fixture(autouse=True)
def workers(db):
    WorkerBeat.objects.beat(settings.MAIN_QUEUE)


@pytest.fixture
def alices(client, alice) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def pieces(alice) -> list[Piece]:
    return [
        keep_piece(
            tune(seed), name=f"Tune {seed}", owner=alice, source=f"{seed}.mid"
        ).piece
        for seed in range(12)
    ]


def text(response) -> str:
    return response.content.decode()


# Who may come in


@pytest.mark.parametrize("path", [LIST, NEW, "/my/music/1/", "/my/music/uploads/1/"])
def test_a_visitor_is_sent_to_log_in_and_told_why(client, path):
    response = client.get(path, follow=True)

    assert response.redirect_chain[0][0].startswith("/log-in/?next=")
    assert "you need an account" in text(response)


def test_a_visitor_brings_nothing_and_what_they_send_is_not_read(client):
    client = Client(enforce_csrf_checks=True)

    with patch.object(incoming.IncomingFiles, "new_file") as reading:
        response = client.post(UPLOAD, form_of({"a.mid": midi(1)}))

    assert response.status_code == 302
    assert not reading.called
    assert not Upload.objects.exists()


def test_what_is_somebody_elses_is_not_found(client, alice, charlie, pieces):
    upload = bring(alice, {"a.mid": midi(1)})
    client.force_login(charlie)
    piece = f"/my/music/{pieces[0].pk}/"
    got = [piece, f"{piece}notes.json", f"{piece}roll.svg"]
    got += [f"/my/music/uploads/{upload.pk}/", f"/my/music/uploads/{upload.pk}/live/"]

    assert {client.get(path).status_code for path in got} == {404}
    assert client.post(f"{piece}delete/").status_code == 404
    client.post(CHOSEN, {"verb": "delete", "pieces": [pieces[0].pk]})
    assert Piece.objects.of(alice).kept().count() == 12
    assert "Tune 0" not in text(client.get(LIST))
    for which in (f"pieces={pieces[0].pk}", f"upload={upload.pk}", ""):
        page = client.get(f"{NEW}?{which}")
        assert page.context["survey"].pieces == 0


def test_the_files_of_a_visitor_are_nobodys(visitor, alice, pieces):
    upload = bring(alice, {"a.mid": midi(1)})

    piece = f"/my/music/{pieces[0].pk}/"
    for path in (f"{piece}notes.json", f"/my/music/uploads/{upload.pk}/live/"):
        assert visitor.get(path).status_code == 404


def test_another_sites_page_cannot_send_files_for_who_is_signed_in(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    response = client.post(UPLOAD, form_of({"a.mid": midi(1)}))

    assert response.status_code == 403
    assert not Upload.objects.exists()
    assert not list(Path(settings.UPLOADS_ROOT).glob("incoming-*"))


@pytest.mark.parametrize("path", [UPLOAD, CHOSEN, "/my/music/take-back/"])
def test_looking_at_a_verb_does_nothing(alices, path):
    assert alices.get(path).status_code == 405


# Bringing files


def test_files_are_brought_read_and_listed(alices, alice):
    sent = {"a.mid": midi(1), "b.mid": b"MThd nonsense", "c.mid": midi(1)}
    response = alices.post(UPLOAD, form_of(sent))
    upload = Upload.objects.get()
    assert response["Location"] == upload.get_absolute_url()
    waiting = alices.get(response["Location"])
    assert "They wait to be read" in text(waiting)
    assert f'data-live="/my/music/uploads/{upload.pk}/live/"' in text(waiting)

    import_upload(upload.pk)

    page = text(alices.get(response["Location"]))
    assert "data-live=" not in page
    assert "<strong>1</strong> imported" in page
    assert "This MIDI file is damaged" in page
    assert "note for note" in page
    assert f"{NEW}?upload={upload.pk}" in page
    listed = text(alices.get(LIST))
    assert "1 imported, 1 there already, 1 not imported" in listed
    assert "One line" in listed


def test_a_script_is_answered_in_json(alices):
    headers = {"accept": "application/json"}

    taken = alices.post(UPLOAD, form_of({"a.mid": midi(1)}), headers=headers)
    refused = alices.post(UPLOAD, {}, headers=headers)

    assert taken.status_code == 201
    assert taken.json()["url"] == Upload.objects.get().get_absolute_url()
    assert refused.status_code == 422
    assert "Choose one or more files" in refused.json()["error"]


def test_nothing_chosen_is_told_on_the_page(alices):
    response = alices.post(UPLOAD, {})

    assert response.status_code == 422
    assert "Choose one or more files" in text(response)


def test_a_file_that_is_too_big_is_left_out_and_the_others_taken(
    alices, alice, monkeypatch
):
    monkeypatch.setattr(incoming, "MAX_FILE_BYTES", 1_000)
    sent = {"a.mid": midi(1), "big.mid": b"0" * 200_000, "b.mid": midi(2)}

    alices.post(UPLOAD, form_of(sent))

    upload = Upload.objects.get()
    assert sorted(path.name for path in upload.folder.iterdir()) == ["f0", "f2"]
    ends = read(upload)
    assert "too big" in ends["big.mid"][1]
    assert ends["a.mid"][0] == ends["b.mid"][0] == "imported"


def test_of_too_many_files_the_first_are_read_and_the_others_told(alices, monkeypatch):
    monkeypatch.setattr(incoming, "MAX_FILES", 2)

    alices.post(UPLOAD, form_of({f"{n}.mid": midi(n) for n in range(5)}))

    ends = read(Upload.objects.get())
    assert "left out" in ends["3 more"][1]
    assert len(ends) == 3


def test_far_too_many_files_are_refused_with_a_sentence(alices, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 3

    response = alices.post(UPLOAD, form_of({f"{n}.mid": b"x" for n in range(5)}))

    assert response.status_code == 422
    assert "or a .zip of them" in text(response)
    assert not Upload.objects.exists()
    assert not list(Path(settings.UPLOADS_ROOT).glob("incoming-*"))


def test_a_body_that_is_too_large_is_not_read(alices, settings):
    settings.UPLOAD_MAX_BYTES = 3 * 2**20

    response = alices.post(UPLOAD, form_of({"a.zip": b"0" * (4 * 2**20)}))

    assert response.status_code == 413
    assert "Send at most 3 MB" in text(response)


def test_a_body_that_breaks_off_is_told(alices):
    response = alices.generic(
        *("POST", UPLOAD, b"--x\r\nnonsense"),
        content_type="multipart/form-data; boundary=" + "x" * 500,
    )

    assert response.status_code == 422
    assert "Send them again" in text(response)


@pytest.mark.parametrize(
    "name", ["../../../evil.mid", "/etc/evil.mid", "evil\0.mid", "evil\n.mid", "‮.mid"]
)
def test_a_files_name_is_only_shown(alices, name, tmp_path):
    alices.post(UPLOAD, {"files": [SimpleUploadedFile("a.mid", midi(1))]})
    upload = Upload.objects.get()
    body = (
        '--x\r\nContent-Disposition: form-data; name="files"; '
        f'filename="{name}"\r\n\r\nx\r\n--x--\r\n'
    )

    alices.generic(
        *("POST", UPLOAD, body.encode()), content_type="multipart/form-data; boundary=x"
    )

    for other in Upload.objects.exclude(pk=upload.pk):
        assert [path.name for path in other.folder.iterdir()] == ["f0"]
        assert all(c.isprintable() for file in other.files.all() for c in file.name)


def test_what_systems_leave_in_folders_is_passed_over(alices):
    alices.post(UPLOAD, form_of({".DS_Store": b"x", "a.mid": midi(1)}))

    assert [file.name for file in Upload.objects.get().files.all()] == ["a.mid"]


def test_the_live_part_is_fetched_anew_only_when_something_changed(alices, alice):
    upload = bring(alice, {"a.mid": midi(1)})
    path = f"/my/music/uploads/{upload.pk}/live/"
    first = alices.get(path)
    again = {"if-none-match": first["ETag"]}
    assert alices.get(path, headers=again).status_code == 304

    import_upload(upload.pk)

    assert alices.get(path, headers=again).status_code == 200


def test_a_missing_worker_is_told(alices, alice):
    WorkerBeat.objects.all().delete()
    upload = bring(alice, {"a.mid": midi(1)})

    page = text(alices.get(upload.get_absolute_url()))

    assert "Reading them waits" in page


# The list


def test_the_last_uploads_are_shown_the_newest_first(alices, alice):
    uploads = [bring(alice, {f"{n}.mid": midi(n)}) for n in range(3)]

    shown = alices.get(LIST).context["uploads"]

    assert [upload.pk for upload in shown] == [u.pk for u in reversed(uploads)]


def test_a_long_list_takes_as_many_queries_as_a_short_one(
    alices, alice, pieces, django_assert_num_queries
):
    bring(alice, {"a.mid": midi(50)})
    for find in ("", "Tune 1"):
        # session, user, count of the page, its pieces, uploads
        with django_assert_num_queries(5):
            alices.get(LIST, {"find": find})


def test_the_list_goes_on_on_other_pages(alices, pieces, monkeypatch):
    monkeypatch.setattr("training.music_views.PIECES_A_PAGE", 5)

    page = alices.get(LIST, {"page": "2", "find": "tune"})

    assert "Page 2 of 3" in text(page)
    assert "?find=tune&amp;page=3" in text(page)
    assert len(page.context["page"].object_list) == 5


def test_words_narrow_the_list(alices, pieces):
    page = text(alices.get(LIST, {"find": "tune 11"}))

    assert "Tune 11" in page
    assert "Tune 2<" not in page
    assert f"{NEW}?find=tune%2011" in page
    assert "Nothing has “zither”" in text(alices.get(LIST, {"find": "zither"}))
    assert alices.get(LIST, {"find": "\0" + "x" * 5_000}).status_code == 200


def test_an_empty_list_says_how_many_are_needed(alices):
    assert "10 pieces are the least" in text(alices.get(LIST))


def test_ticked_pieces_are_deleted_and_can_be_taken_back(alices, alice, pieces):
    ids = [piece.pk for piece in pieces[:3]]
    own = Piece.objects.of(alice)

    response = alices.post(
        CHOSEN, {"verb": "delete", "pieces": ids, "place": "find=tune"}
    )
    assert own.kept().count() == 9
    asked = parse_qs(urlsplit(response["Location"]).query)
    assert asked["find"] == ["tune"]
    page = text(alices.get(response["Location"]))
    assert "3 pieces are deleted" in page

    alices.post("/my/music/take-back/", {"deleted": asked["deleted"]})

    assert own.kept().count() == 12


@pytest.mark.parametrize("deleted", ["", "yesterday", "2026-13-99T00:00Z", "\0"])
def test_taking_back_what_never_was_does_nothing(alices, deleted):
    alices.post("/my/music/take-back/", {"deleted": deleted})

    assert alices.get(LIST, {"deleted": deleted}).status_code == 200


@pytest.mark.parametrize("ids", [[], ["x"], ["9" * 40], ["-1"], ["²"]])
def test_nothing_ticked_is_told(alices, pieces, alice, ids):
    response = alices.post(CHOSEN, {"verb": "delete", "pieces": ids}, follow=True)

    assert "Nothing is ticked" in text(response)
    assert Piece.objects.of(alice).kept().count() == 12


def test_ticked_pieces_lead_to_a_dataset_of_them(alices, pieces):
    ids = [piece.pk for piece in pieces[:11]]

    response = alices.post(CHOSEN, {"verb": "dataset", "pieces": ids}, follow=True)

    assert response.context["survey"].pieces == 11


# One piece


def test_a_piece_can_be_seen_and_heard(alices, pieces):
    path = f"/my/music/{pieces[0].pk}/"

    page = text(alices.get(path))
    notes = alices.get(f"{path}notes.json").json()
    drawing = alices.get(f"{path}roll.svg")

    assert "D major" in page
    assert "<score-player" in page and "<piano-roll" in page
    assert len(notes["notes"]) == pieces[0].num_notes
    assert notes["title"] == "Tune 0"
    assert drawing["Content-Type"] == "image/svg+xml"


def test_titles_from_files_are_escaped(alices, alice):
    piece = keep_piece(
        tune(1), name="<script>alert(1)</script>", owner=alice, source="<b>.mid"
    ).piece

    for path in (LIST, piece.get_absolute_url()):
        assert "<script>alert" not in text(alices.get(path))
        assert "<b>.mid" not in text(alices.get(path))


def test_a_deleted_piece_is_nowhere(alices, alice, pieces):
    path = pieces[0].get_absolute_url()

    alices.post(f"{path}delete/")

    assert alices.get(path).status_code == 404
    assert alices.get(f"{path}notes.json").status_code == 404


# A dataset of them


def test_a_dataset_is_made_of_all_music(alices, alice, pieces):
    page = text(alices.get(NEW))
    assert "All that you have brought: 12 pieces" in page
    assert "Every piece is a single line" in page

    response = alices.post(NEW, {"name": "Airs", "split_seed": 3})

    dataset = Dataset.objects.get()
    assert response["Location"] == dataset.get_absolute_url()
    assert (dataset.owner, dataset.name, dataset.kind) == (alice, "Airs", "pieces")
    assert dataset.split_seed == 3
    assert dataset.entries.count() == 12


def test_a_dataset_is_made_of_what_an_upload_brought(alices, alice, pieces):
    sent = {f"{n}.mid": midi(n) for n in (0, *range(20, 31))}
    upload = bring(alice, sent)
    import_upload(upload.pk)

    alices.post(f"{NEW}?upload={upload.pk}", {"split_seed": 0})

    names = Dataset.objects.get().entries.values_list("name", flat=True)
    assert len(names) == 12  # the one that was there already too


def test_a_dataset_is_made_of_what_was_found(alices, pieces):
    alices.post(f"{NEW}?find=tune", {"split_seed": 0})

    assert Dataset.objects.get().entries.count() == 12


def test_an_address_that_names_no_upload_offers_no_pieces(alices, pieces):
    page = text(alices.get(f"{NEW}?upload=x"))

    assert "There are no pieces here. 10 is the least" in page


def test_too_few_pieces_are_told_before_the_form(alices, pieces):
    page = text(alices.get(f"{NEW}?pieces={pieces[0].pk}"))

    assert "1 different piece, and 10 is the least" in page
    assert "<legend>" not in page
    response = alices.post(f"{NEW}?pieces={pieces[0].pk}", {"split_seed": 0})
    assert response.status_code == 422
    assert not Dataset.objects.exists()


def test_what_is_alike_is_told(alices, alice, pieces):
    keep_piece(tune(1, tonic=5), name="In F", owner=alice)

    assert "1 of them begins as another does" in text(alices.get(NEW))


def test_pieces_with_chords_give_a_choice(alices, alice, pieces):
    keep_piece(chords(40), name="Chords", owner=alice)

    page = text(alices.get(NEW))
    assert "The melody line" in page

    alices.post(NEW, {"way": "melody", "split_seed": 0})
    assert Dataset.objects.get().encoding == {"name": "melody"}
    assert alices.post(NEW, {"way": "x", "split_seed": 0}).status_code == 422


def test_drums_are_told_before_they_are_left_out(alices, alice, pieces):
    bring(alice, {"p.mid": files.data("pickup_and_drums.mid")})
    import_upload(Upload.objects.get().pk)
    keep_piece(chords(40), name="Chords", owner=alice)

    assert "1 piece has drums, which are not learnt from" in text(alices.get(NEW))


def test_the_pages_of_training_lead_here(alices):
    for path in ("/datasets/", "/datasets/new/"):
        assert 'href="/my/music/"' in text(alices.get(path))
