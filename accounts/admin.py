"""Staff accounts: who may sign in, and which roles they have. Accounts are switched off, never deleted."""

from http import HTTPStatus
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import ReadOnlyPasswordHashField, ReadOnlyPasswordHashWidget, UserChangeForm
from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from accounts.doors import ask_for_proof
from accounts.enums import Role
from accounts.models import User
from ranportal.shared import clock
from ranportal.shared.admin import OwnKeyOnly

# Roles are made by a migration: what they may do is not for a form to say. Second factors are their owners' own.
for model in (Group, EmailAddress, SocialApp, SocialAccount, SocialToken, Authenticator):
    admin.site.unregister(model)


#: Of which fields' changes the owner and the officers hear, and in which words.
_TOLD = {
    "email": "the e-mail address",
    "groups": "the roles",
    "is_superuser": "the rights of a superuser",
    "is_active": "whether it may sign in",
    "is_staff": "whether it may sign in to the admin",
}


class NewUserForm(forms.ModelForm):
    """Without a password: whom it is for chooses one, by the mail that is sent."""

    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        """Addresses are stored in lower case; the same one twice is refused whatever its case."""
        email = self.cleaned_data["email"].strip().lower()
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError("There is an account with this address already.")
        return email


class PasswordWidget(ReadOnlyPasswordHashWidget):
    """Whether there is a password: nothing of its hash, which is nobody's to read."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        is_set = bool(value) and is_password_usable(value)
        return {**context, "summary": [{"label": "A password is set." if is_set else "No password is set."}]}


class KnownUserForm(UserChangeForm):
    password = ReadOnlyPasswordHashField(label="Password", widget=PasswordWidget)

    class Meta:
        model = User
        fields = "__all__"
        widgets = {"groups": forms.CheckboxSelectMultiple}
        labels = {"groups": "Roles", "is_active": "May sign in at all"}
        help_texts = {"groups": "What this account may see and do.", "is_active": "Off: every session ends at once."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "groups" in self.fields:
            self.fields["groups"].label_from_instance = role_words

    def clean_email(self) -> str:
        """As in a new account."""
        email = self.cleaned_data["email"].strip().lower()
        if User.objects.filter(email=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("There is an account with this address already.")
        return email


class RoleFilter(admin.RelatedFieldListFilter):
    """The roles by their names."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[int, str]]:
        return [(group.pk, role_words(group)) for group in Group.objects.order_by("name")]


@admin.register(User)
class AccountAdmin(OwnKeyOnly, UserAdmin):
    """Administrators make accounts and give roles. Nobody but a superuser touches a superuser, or makes one."""

    form = KnownUserForm
    add_form = NewUserForm
    list_display = ("email", "name", "roles", "is_active", "last_login")
    list_filter = (("groups", RoleFilter), "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = None
    add_fieldsets = ((None, {"fields": ("email", "name")}),)
    add_form_template = "admin/accounts/user/add_form.html"
    change_form_template = "admin/accounts/user/change_form.html"
    readonly_fields = ("last_login", "date_joined", "roles")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        rights = ("is_active", "is_staff", "groups" if self.has_change_permission(request, obj) else "roles")
        if request.user.is_superuser:
            rights = (*rights, "is_superuser")
        return (
            (None, {"fields": ("email", "name", "organisation", "country", "password")}),
            ("Roles", {"fields": rights}),
            ("Dates", {"fields": ("last_login", "date_joined")}),
        )

    def get_urls(self) -> list[URLPattern]:
        acts = (("mail-password-link", self.mail_password_link), ("second-factor-away", self.second_factor_away))
        own = [
            path(f"<int:user_id>/{name}/", self.admin_site.admin_view(require_POST(act)), name=f"accounts_user_{name}")
            for name, act in acts
        ]
        return [*own, *super().get_urls()]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Who makes or changes accounts proves again who they are."""
        if request.method == "POST" and (asked := ask_for_proof(request)):
            return asked
        return super().changeform_view(request, *args, **kwargs)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponseBase:
        """The same, and its owner is told."""
        if asked := ask_for_proof(request, is_kept=False):
            return asked
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            self._tell(User.objects.get(pk=id), "An administrator chose another password for your account.")
        return response

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:
        """Save; whom a new account is for gets a mail to choose a password."""
        if change:
            form.former_email = User.objects.values_list("email", flat=True).get(pk=obj.pk)
        else:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not change:
            get_adapter().mail_reset(obj, is_new_account=True, now=clock.now())
            messages.info(request, f"A mail to {obj.email} is on its way, with a link to choose a password.")

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: Any, change: bool) -> None:
        """Save; of another address and of other rights hear the owner, at the address until now, and the officers."""
        super().save_related(request, form, formsets, change)
        changed = [words for name, words in _TOLD.items() if name in form.changed_data]
        if change and changed:
            get_adapter().mail_changed(
                form.instance, changed=" and ".join(changed), former=form.former_email, now=clock.now()
            )

    def mail_password_link(self, request: HttpRequest, user_id: int) -> HttpResponseBase:
        """Mail the link with which this user chooses a password."""
        user = self._to_change(request, user_id)
        if asked := ask_for_proof(request, is_kept=False, back=_page_of(user)):
            return asked
        get_adapter().mail_reset(user, is_new_account=False, now=clock.now())
        self.log_change(request, user, "Link to choose a password mailed.")
        messages.success(request, f"A mail to {user.email} is on its way. Its link works once, for one hour.")
        return redirect(_page_of(user))

    def second_factor_away(self, request: HttpRequest, user_id: int) -> HttpResponseBase:
        """Take away all second factors of somebody who has lost them, and the recovery codes with them."""
        user = self._to_change(request, user_id)
        if asked := ask_for_proof(request, is_kept=False, back=_page_of(user)):
            return asked
        Authenticator.objects.filter(user=user).delete()
        self.log_change(request, user, "Second factor taken away.")
        self._tell(user, "An administrator took the second factor away from your account.")
        messages.success(request, "The second factor is taken away, and its owner is told.")
        return redirect(_page_of(user))

    def _to_change(self, request: HttpRequest, user_id: int) -> User:
        user = get_object_or_404(User, pk=user_id)
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        return user

    def _tell(self, user: User, notice: str) -> None:
        get_adapter().mail_notice(user, notice=notice, now=clock.now(), is_by_administrator=True)

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
        names = ["superuser"] if user.is_superuser else []
        names += [role_words(group) for group in user.groups.all()]
        return ", ".join(names) or "none"


def role_words(group: Group) -> str:
    """What the role of this group is called; a group that is none of ours by its name."""
    return str(Role(group.name).label) if group.name in Role.values else group.name


def _page_of(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])
