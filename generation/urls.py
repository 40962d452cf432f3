from __future__ import annotations

from django.urls import path

from generation import (
    action_views,
    bring_views,
    download_views,
    drawing_views,
    editing_views,
    library_views,
    restore_views,
    shelf_views,
    short_links,
    sound_views,
    views,
    why_views,
)
from generation.api import views as api

urlpatterns = [
    path("", views.home, name="home"),
    path("compose/", views.compose, name="compose"),
    path("compose/restored/", restore_views.restored, name="compose_restored"),
    path("compose/the-same/", restore_views.the_same, name="compose_the_same"),
    path("bring/", bring_views.bring, name="bring"),
    path("bring/chosen/", bring_views.chosen, name="bring_chosen"),
    path("my/pieces/", library_views.history, name="history"),
    path("my/pieces/many/", library_views.many, name="many_pieces"),
    path("my/pieces/take-back/", library_views.take_back_batch, name="take_back_batch"),
    path("my/pieces/download/", library_views.download_many, name="download_pieces"),
    path("my/pieces/bin/", library_views.bin, name="bin"),
    path(
        "pieces/<uuid:id>/",
        views.composition_detail,
        name="composition_detail",
    ),
    path("pieces/<uuid:id>/again/", views.again, name="again"),
    path("pieces/<uuid:id>/steer/", action_views.steer, name="steer"),
    path("pieces/<uuid:id>/edit/", editing_views.edit, name="edit_piece"),
    path(
        "pieces/<uuid:id>/transpose/", editing_views.transpose, name="transpose_piece"
    ),
    path("pieces/<uuid:id>/why.json", why_views.why_json, name="why_json"),
    path("pieces/<uuid:id>/why/", why_views.why, name="why"),
    path("pieces/<uuid:id>/choose/", why_views.choose, name="choose_note"),
    path("pieces/<uuid:id>/favourite/", shelf_views.favourite, name="favourite"),
    path("pieces/<uuid:id>/rename/", shelf_views.rename, name="rename"),
    path("pieces/<uuid:id>/delete/", shelf_views.delete, name="delete_piece"),
    path("pieces/<uuid:id>/sound/", sound_views.keep_sound, name="keep_sound"),
    path("p/<slug:short>", short_links.short_link, name="short_link"),
    path("pieces/<uuid:id>/notes.json", drawing_views.notes_json, name="notes_json"),
    path(
        "pieces/<uuid:id>/timemap.json", drawing_views.timemap_json, name="timemap_json"
    ),
    path(
        "pieces/<uuid:id>/score/<int:page>.svg",
        drawing_views.score_svg,
        name="score_svg",
    ),
    path("pieces/<uuid:id>/roll.svg", drawing_views.roll_svg, name="roll_svg"),
    path(
        "pieces/<uuid:id>/download/<str:format>",
        download_views.download,
        name="download",
    ),
    path(
        "pieces/<uuid:id>/renderings/",
        download_views.rendering_create,
        name="rendering_create",
    ),
    path(
        "pieces/<uuid:id>/renderings/<str:format>/",
        download_views.rendering_status,
        name="rendering_status",
    ),
    # The four paths of the project this one grew from, for programs.
    path("generate", api.generate, name="generate"),
    path("generate_json", api.generate_json, name="generate_json"),
    path("metrics", api.metrics, name="metrics"),
    path("history", api.history, name="api_history"),
]
