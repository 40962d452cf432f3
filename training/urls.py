from __future__ import annotations

from django.urls import path

from training import dataset_views, music_views, run_views, views

urlpatterns = [
    path("models/", views.model_list, name="model_list"),
    path("models/<slug:slug>/", views.model_detail, name="model_detail"),
    path(
        "models/<slug:slug>/versions/<int:number>/promote/",
        views.version_promote,
        name="version_promote",
    ),
    path("datasets/", dataset_views.dataset_list, name="dataset_list"),
    path("datasets/new/", dataset_views.dataset_create, name="dataset_create"),
    path(
        "datasets/new/random/",
        dataset_views.dataset_create_random,
        name="dataset_create_random",
    ),
    path(
        "datasets/new/music/",
        music_views.dataset_create_music,
        name="dataset_create_music",
    ),
    path("datasets/<int:id>/", dataset_views.dataset_detail, name="dataset_detail"),
    path("datasets/<int:id>/live/", dataset_views.dataset_live, name="dataset_live"),
    path(
        "datasets/<int:id>/files/<str:name>",
        dataset_views.dataset_file,
        name="dataset_file",
    ),
    path(
        "datasets/<int:id>/delete/", dataset_views.dataset_delete, name="dataset_delete"
    ),
    path("datasets/<int:id>/train/", run_views.run_create, name="run_create"),
    path(
        "datasets/<int:id>/train/live/", run_views.run_costs_live, name="run_costs_live"
    ),
    path("my/music/", music_views.music_list, name="music_list"),
    path("my/music/upload/", music_views.upload_create, name="upload_create"),
    path("my/music/chosen/", music_views.music_chosen, name="music_chosen"),
    path("my/music/take-back/", music_views.music_take_back, name="music_take_back"),
    path("my/music/<int:id>/", music_views.piece_detail, name="piece_detail"),
    path("my/music/<int:id>/notes.json", music_views.piece_notes, name="piece_notes"),
    path("my/music/<int:id>/roll.svg", music_views.piece_roll, name="piece_roll"),
    path("my/music/<int:id>/delete/", music_views.piece_delete, name="piece_delete"),
    path("my/music/uploads/<int:id>/", music_views.upload_detail, name="upload_detail"),
    path(
        "my/music/uploads/<int:id>/live/", music_views.upload_live, name="upload_live"
    ),
    path("runs/", run_views.run_list, name="run_list"),
    path("runs/<int:id>/", run_views.run_detail, name="run_detail"),
    path("runs/<int:id>/live/", run_views.run_live, name="run_live"),
    path("runs/<int:id>/cancel/", run_views.run_cancel, name="run_cancel"),
    path("runs/<int:id>/again/", run_views.run_requeue, name="run_requeue"),
    path("runs/<int:id>/delete/", run_views.run_delete, name="run_delete"),
]
