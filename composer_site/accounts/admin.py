"""Accounts and what they use."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from composer_site.accounts.services import StillNeeded, delete_account
from generation.models import Composition, Rendering
from training.admin.base import ByServices
from training.models import Dataset, TrainingRun
from training.services import InUse


def how_many(rows: QuerySet[Model], owner: str = "owner") -> Coalesce:
    """Counted by an index, for the accounts of one page alone."""
    counted = (
        rows.order_by()
        .filter(**{owner: OuterRef("pk")})
        .values(owner)
        .annotate(n=Count("pk"))
        .values("n")
    )
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(ByServices, UserAdmin):
    """Django's own page of an account, beside what the account holds."""

    list_display = [
        *("username", "email", "is_active", "is_staff", "date_joined", "last_login"),
        *("pieces", "files", "datasets", "runs"),
    ]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    actions = ["delete_accounts"]
    readonly_fields = ["last_login", "date_joined"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        kept = Rendering.objects.ready().filter(composition__deleted_at=None)
        users: QuerySet[User] = super().get_queryset(request)
        return users.annotate(
            num_pieces=how_many(Composition.objects.kept()),
            num_files=how_many(kept, "composition__owner"),
            num_datasets=how_many(Dataset.objects.all()),
            num_runs=how_many(TrainingRun.objects.all()),
        )

    @admin.display(description="Pieces")
    def pieces(self, user: User) -> int:
        return getattr(user, "num_pieces", 0)

    @admin.display(description="Files")
    def files(self, user: User) -> int:
        return getattr(user, "num_files", 0)

    @admin.display(description="Datasets")
    def datasets(self, user: User) -> int:
        return getattr(user, "num_datasets", 0)

    @admin.display(description="Runs")
    def runs(self, user: User) -> int:
        return getattr(user, "num_runs", 0)

    @admin.action(
        description="Delete with all that is their own", permissions=["remove"]
    )
    def delete_accounts(self, request: HttpRequest, users: QuerySet[User]) -> None:
        def delete(user: User) -> None:
            if user == request.user:
                raise InUse("This is your own account. Delete it from its page.")
            try:
                delete_account(user)
            except StillNeeded as refusal:
                raise InUse(f"{user}: {refusal}") from None

        self.remove(request, users, delete)
