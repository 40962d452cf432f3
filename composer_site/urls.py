from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from composer_site import views

urlpatterns = [
    path("", include("generation.urls")),
    path("", include("training.urls")),
    path("", include("composer_site.accounts.urls")),
    path("admin/", admin.site.urls),
    path("healthz", views.healthz, name="healthz"),
]
