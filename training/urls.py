from __future__ import annotations

from django.urls import path

from training import dataset_views, run_views, views

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
    path("runs/", run_views.run_list, name="run_list"),
    path("runs/<int:id>/", run_views.run_detail, name="run_detail"),
    path("runs/<int:id>/live/", run_views.run_live, name="run_live"),
    path("runs/<int:id>/cancel/", run_views.run_cancel, name="run_cancel"),
    path("runs/<int:id>/again/", run_views.run_requeue, name="run_requeue"),
    path("runs/<int:id>/delete/", run_views.run_delete, name="run_delete"),
]
