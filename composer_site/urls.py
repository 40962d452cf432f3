from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from composer_site import views

urlpatterns = [
    path("", include("generation.urls")),
    path("", include("training.urls")),
    path("", include("composer_site.accounts.urls")),
    path("", include("composer_site.tokens.urls")),
    path("", include("composer_site.api.urls")),
    path("admin/", admin.site.urls),
    path("healthz", views.healthz, name="healthz"),
]

handler500 = "composer_site.views.server_error"
