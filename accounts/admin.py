"""Staff accounts: who may sign in, and which roles they have. Accounts are switched off, never deleted."""

from typing import Any

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User

# Roles are made by a migration: what they may do is not for a form to say. Second factors are their owners' own.
for model in (Group, EmailAddress, SocialApp, SocialAccount, SocialToken, Authenticator):
    admin.site.unregister(model)


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        """Addresses are stored in lower case; the same one twice is refused whatever its case."""
        email = self.cleaned_data["email"].strip().lower()
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError("There is an account with this address already.")
        return email


class KnownUserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"
        widgets = {"groups": forms.CheckboxSelectMultiple}
        labels = {"groups": "Roles", "is_active": "May sign in at all"}
        help_texts = {"groups": "What this account may see and do.", "is_active": "Off: every session ends at once."}

    def clean_email(self) -> str:
        """As in a new account."""
        email = self.cleaned_data["email"].strip().lower()
        if User.objects.filter(email=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("There is an account with this address already.")
        return email


@admin.register(User)
class AccountAdmin(UserAdmin):
    """Administrators make accounts and give roles. Nobody but a superuser touches a superuser, or makes one."""

    form = KnownUserForm
    add_form = NewUserForm
    list_display = ("email", "name", "roles", "is_active", "last_login")
    list_filter = ("groups", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = None
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)
    readonly_fields = ("last_login", "date_joined")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        rights = ("is_active", "is_staff", "groups")
        if request.user.is_superuser:
            rights = (*rights, "is_superuser")
        return (
            (None, {"fields": ("email", "name", "organisation", "country", "password")}),
            ("Roles", {"fields": rights}),
            ("Dates", {"fields": ("last_login", "date_joined")}),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the filters offer: a lookup into the password would be an oracle."""
        return lookup in {"groups__id__exact", "is_active__exact"}

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        names = [group.name for group in user.groups.all()]
        return "superuser" if user.is_superuser else ", ".join(names) or "none"
