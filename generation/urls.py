from __future__ import annotations

from django.urls import path

from generation import short_links
from generation.api import views as api
from generation.views import (
    actions,
    bringing,
    downloads,
    drawings,
    editing,
    library,
    pieces,
    restoring,
    shelf,
    sound,
    why,
)

urlpatterns = [
    path("", pieces.home, name="home"),
    path("compose/", pieces.compose, name="compose"),
    path("compose/restored/", restoring.restored, name="compose_restored"),
    path("compose/the-same/", restoring.the_same, name="compose_the_same"),
    path("bring/", bringing.bring, name="bring"),
    path("bring/chosen/", bringing.chosen, name="bring_chosen"),
    path("my/pieces/", library.history, name="history"),
    path("my/pieces/many/", library.many, name="many_pieces"),
    path("my/pieces/take-back/", library.take_back_batch, name="take_back_batch"),
    path("my/pieces/download/", library.download_many, name="download_pieces"),
    path("my/pieces/bin/", library.bin, name="bin"),
    path(
        "pieces/<uuid:id>/",
        pieces.composition_detail,
        name="composition_detail",
    ),
    path("pieces/<uuid:id>/again/", pieces.again, name="again"),
    path("pieces/<uuid:id>/steer/", actions.steer, name="steer"),
    path("pieces/<uuid:id>/edit/", editing.edit, name="edit_piece"),
    path("pieces/<uuid:id>/transpose/", editing.transpose, name="transpose_piece"),
    path("pieces/<uuid:id>/why.json", why.why_json, name="why_json"),
    path("pieces/<uuid:id>/why/", why.why, name="why"),
    path("pieces/<uuid:id>/choose/", why.choose, name="choose_note"),
    path("pieces/<uuid:id>/favourite/", shelf.favourite, name="favourite"),
    path("pieces/<uuid:id>/rename/", shelf.rename, name="rename"),
    path("pieces/<uuid:id>/delete/", shelf.delete, name="delete_piece"),
    path("pieces/<uuid:id>/sound/", sound.keep_sound, name="keep_sound"),
    path("p/<slug:short>", short_links.short_link, name="short_link"),
    path("pieces/<uuid:id>/notes.json", drawings.notes_json, name="notes_json"),
    path("pieces/<uuid:id>/timemap.json", drawings.timemap_json, name="timemap_json"),
    path(
        "pieces/<uuid:id>/score/<int:page>.svg",
        drawings.score_svg,
        name="score_svg",
    ),
    path("pieces/<uuid:id>/roll.svg", drawings.roll_svg, name="roll_svg"),
    path(
        "pieces/<uuid:id>/download/<str:format>",
        downloads.download,
        name="download",
    ),
    path(
        "pieces/<uuid:id>/renderings/",
        downloads.rendering_create,
        name="rendering_create",
    ),
    path(
        "pieces/<uuid:id>/renderings/<str:format>/",
        downloads.rendering_status,
        name="rendering_status",
    ),
    # The four paths of the project this one grew from, for programs.
    path("generate", api.generate, name="generate"),
    path("generate_json", api.generate_json, name="generate_json"),
    path("metrics", api.metrics, name="metrics"),
    path("history", api.history, name="api_history"),
]
