"""The page on which one brings a melody: a file, a text, or what one plays."""

from __future__ import annotations

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from generation import bringing
from generation.bringing import Excerpt, NotBrought, WrongAbc
from generation.choice_form import ChoiceForm
from generation.lookup import whose
from generation.sent import notes_from, score_from
from generation.views.restoring import offer_recipe
from training.music.archive import shown_name
from training.music.formats import Reading
from training.music.score import Score

EXAMPLE = """X:1
T:A tune of mine
M:6/8
L:1/8
K:G
D|GAB d2B|c2A AGF|GAB d2g|fdc A2:|"""


def bring(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return bring_page(request)
    try:
        if "file" in request.FILES:
            return _take_file(request)
        if "abc" in request.POST:
            reading = bringing.read_text(request.POST["abc"])
            return _take_reading(request, reading, "")
        if "notes" in request.POST:
            score = notes_from(request.POST["notes"])
            return _keep(request, score, Excerpt(), request.POST.get("title", ""))
        raise NotBrought("Choose a file, paste a tune, or play one.")
    except NotBrought as refusal:
        return bring_page(request, refusal)


def bring_page(request: HttpRequest, refusal: NotBrought | None = None) -> HttpResponse:
    """The page, with what is wrong beside the way that was tried."""
    way = next((w for w in ("abc", "notes") if w in request.POST), "file")
    context = {
        "abc": request.POST.get("abc", "")[: bringing.MAX_ABC_LETTERS],
        "example": EXAMPLE,
        "max_bytes": bringing.MAX_BYTES,
        "max_notes": bringing.MAX_NOTES,
        "max_bars": bringing.MAX_BARS,
    }
    if refusal:
        context |= {
            "refused": way,
            "wrongs": refusal.wrongs if isinstance(refusal, WrongAbc) else (),
            "refusal": "" if isinstance(refusal, WrongAbc) else str(refusal),
        }
    status = 422 if refusal else 200
    return render(request, "generation/bring.html", context, status=status)


def _take_file(request: HttpRequest) -> HttpResponse:
    file = request.FILES["file"]
    assert isinstance(file, UploadedFile)
    name = shown_name(file.name or "")
    if (file.size or 0) > bringing.MAX_BYTES:
        raise NotBrought(f"It is too big. Send at most {bringing.MAX_BYTES >> 20} MB.")
    data = file.read()
    if name.lower().endswith(".json"):
        # A recipe by itself: there is no music in it to read.
        return offer_recipe(request, data.decode("utf-8", "replace"), None, name)
    return _take_reading(request, bringing.read_file(name, data), name)


def _take_reading(request: HttpRequest, reading: Reading, name: str) -> HttpResponse:
    if reading.recipe:
        return offer_recipe(request, reading.recipe, reading.score, name)
    return take_score(request, reading.score, name)


def take_score(request: HttpRequest, score: Score, name: str) -> HttpResponse:
    """Keep the music, or ask which of it."""
    if bringing.asks_for_a_choice(score):
        return choice_page(request, ChoiceForm(score=score, file_name=name))
    return _keep(request, score, Excerpt(), "", name)


@require_POST
def chosen(request: HttpRequest) -> HttpResponse:
    """Which parts and bars of what was read are kept."""
    name = shown_name(request.POST.get("file_name", "")[:200])
    try:
        score = score_from(request.POST.get("score", ""))
    except NotBrought as refusal:
        return bring_page(request, refusal)
    if "ask" in request.POST:
        return take_score(request, score, name)
    form = ChoiceForm(request.POST, score=score, file_name=name)
    if form.is_valid():
        try:
            title = form.cleaned_data["title"]
            return _keep(request, score, form.excerpt, title, name)
        except NotBrought as refusal:
            form.add_error(None, str(refusal))
    return choice_page(request, form)


def choice_page(request: HttpRequest, form: ChoiceForm) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(
        request, "generation/bring_choice.html", {"form": form}, status=status
    )


def _keep(
    request: HttpRequest, score: Score, excerpt: Excerpt, title: str, name: str = ""
) -> HttpResponse:
    prepared = bringing.prepare(score, excerpt)
    composition = bringing.keep(
        prepared,
        title=title[: bringing.MAX_TITLE],
        file_name=name,
        **whose(request),
    )
    for remark in prepared.remarks:
        messages.info(request, remark)
    return redirect(f"{composition.get_absolute_url()}#steer")
