from __future__ import annotations

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from composer_site.api import views
from composer_site.api.v1.compositions import CompositionViewSet
from composer_site.api.v1.datasets import DatasetViewSet
from composer_site.api.v1.networks import ModelViewSet, VersionViewSet
from composer_site.api.v1.pieces import PieceViewSet
from composer_site.api.v1.renderings import CompositionFile, RenderingViewSet
from composer_site.api.v1.runs import RunViewSet
from composer_site.api.v1.variations import Abilities, FamilyTree, VariationViewSet

router = SimpleRouter(use_regex_path=False)
router.register("pieces", PieceViewSet, "piece")
router.register("datasets", DatasetViewSet, "dataset")
router.register("runs", RunViewSet, "run")
router.register("models", ModelViewSet, "model")
router.register("versions", VersionViewSet, "version")
router.register("compositions", CompositionViewSet, "composition")
router.register(
    "compositions/<uuid:composition_id>/renderings", RenderingViewSet, "rendering"
)
router.register(
    "compositions/<uuid:composition_id>/variations", VariationViewSet, "variation"
)

v1 = [
    path("", views.Root.as_view(), name="root"),
    path("schema/", views.Schema.as_view(), name="schema"),
    path(
        "compositions/<uuid:id>/files/<slug:kind>",
        CompositionFile.as_view(),
        name="composition-file",
    ),
    path(
        "compositions/<uuid:id>/abilities/",
        Abilities.as_view(),
        name="composition-abilities",
    ),
    path(
        "compositions/<uuid:id>/family/",
        FamilyTree.as_view(),
        name="composition-family",
    ),
    *router.urls,
]

urlpatterns = [
    path("api/v1/", include((v1, "api"))),
    path("api/docs/", views.Docs.as_view(), name="api_docs"),
    re_path("^api/", views.Unknown.as_view()),
]
