from __future__ import annotations

from django.urls import path

from composer_site.accounts import views

# The names of the pages about passwords are Django's own.
urlpatterns = [
    path("sign-up/", views.SignUpView.as_view(), name="sign_up"),
    path("log-in/", views.LogInView.as_view(), name="login"),
    path("log-out/", views.LogOutView.as_view(), name="logout"),
    path("account/", views.AccountView.as_view(), name="account"),
    path(
        "account/password/", views.PasswordChangeView.as_view(), name="password_change"
    ),
    path("account/delete/", views.DeleteView.as_view(), name="account_delete"),
    path("reset/", views.PasswordResetView.as_view(), name="password_reset"),
    path(
        "reset/sent/", views.PasswordResetDoneView.as_view(), name="password_reset_done"
    ),
    path(
        "reset/<uidb64>/<token>/",
        views.PasswordResetConfirmView.as_view(),
        name="password_reset_confirm",
    ),
    # The admin's own way in would be a door without a limit.
    path("admin/login/", views.LogInView.as_view()),
]
