"""The outbox: each mail as its reader sees it, what became of it, and what people may still do with it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

import nh3
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.views.decorators.http import require_http_methods

from accounts.queries import is_administrator
from ranportal.shared import clock
from ranportal.shared.admin import NarrowLookups
from registrations import reports, returned
from registrations.enums import MailState
from registrations.mail import catalogue, leases, outbox, restored
from registrations.models import OutgoingMail

#: The structure of a mail's HTML part; styles, links and pictures stay behind.
_SHOWN_TAGS = {"p", "h3", "h4", "ul", "ol", "li", "strong", "em", "br", "a", "table", "tbody", "tr", "th", "td"}
_BAD = (MailState.REFUSED, MailState.UNRENDERABLE, MailState.TOO_LATE)


class MailCallFilter(admin.SimpleListFilter):
    """Only calls whose people the user may see."""

    title = "call"
    parameter_name = "call"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Iterable[tuple[int, str]]:
        return [(call.pk, call.event.title) for call in reports.calls_of(request.user)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> QuerySet[OutgoingMail]:
        chosen = self.value() or ""
        return queryset.filter(call=int(chosen)) if chosen.isascii() and chosen.isdigit() else queryset


class RestoredFilter(admin.SimpleListFilter):
    """What a restore put on hold and nobody has let go yet."""

    title = "a restore"
    parameter_name = "restored"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Iterable[tuple[str, str]]:
        return [("held", "On hold after a restore")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> QuerySet[OutgoingMail]:
        return queryset.filter(restored.IS_WAITING) if self.value() == "held" else queryset


class ReturnedFilter(admin.SimpleListFilter):
    """What mail servers said hours after they had taken a mail."""

    title = "what came back"
    parameter_name = "returned"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Iterable[tuple[str, str]]:
        return [("back", "Came back"), ("late", "Not delivered yet")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> QuerySet[OutgoingMail]:
        if self.value() == "back":
            return returned.came_back(queryset)
        if self.value() == "late":
            return queryset.filter(state=MailState.SENT, is_late=True, is_back=False)
        return queryset


@admin.register(OutgoingMail)
class OutboxAdmin(NarrowLookups):
    """Organisers see the mails of their own calls, administrators the gate and those to staff. `mail.outbox` writes."""

    list_display = ("mail", "person", "event", "state_shown", "due", "sent")
    list_display_links = None
    list_filter = ("state", "kind", ReturnedFilter, RestoredFilter, MailCallFilter)
    list_per_page = 50
    list_max_show_all = 500
    ordering = ("-created_at", "-pk")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = ("retry", "cancel", "hold", "send_restored")
    change_list_template = "admin/registrations/outgoingmail/list.html"

    def get_urls(self) -> list[URLPattern]:
        view, one = self.admin_site.admin_view, "<int:mail_id>/"
        return [
            path("", view(self.changelist_view), name="registrations_outgoingmail_changelist"),
            path("pause/", view(_post_only(self.pause)), name="registrations_outgoingmail_pause"),
            path("resume/", view(_post_only(self.resume)), name="registrations_outgoingmail_resume"),
            path(f"{one}change/", view(self.show), name="registrations_outgoingmail_change"),
            *(
                path(
                    f"{one}{name}/",
                    view(_post_only(partial(self.act, name=name))),
                    name=f"registrations_outgoingmail_{name}",
                )
                for name in ("retry", "cancel", "hold")
            ),
        ]

    # Who may

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutgoingMail]:
        theirs = Q(call__in=reports.calls_of(request.user).order_by().values("pk"))
        if is_administrator(request.user):
            # What is about no call goes to a member of staff.
            theirs |= Q(call__isnull=True)
        mails = OutgoingMail.objects.filter(theirs).select_related("registration", "call__event", "user")
        mails = returned.with_reports(mails)
        return mails.defer("rendered", "facts", "call__event__summary", "call__event__programme")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OutgoingMail | None = None) -> bool:
        return False

    # Pages

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """The list, with the gate through which all mail goes."""
        about = {
            "title": "Outbox",
            "gate": reports.mail_gate(),
            "restored": reports.restored_mails(request.user),
            "at": clock.now(),
            "may_act": self.has_change_permission(request),
            "may_resume": self._may_resume(request),
        }
        return super().changelist_view(request, {**about, **(extra_context or {})})

    def show(self, request: HttpRequest, mail_id: int) -> TemplateResponse:
        """One mail as its reader sees it, without the live link."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        mail = get_object_or_404(self.get_queryset(request), pk=mail_id)
        try:
            # That something was written to a member of staff is seen here; what was written is theirs.
            preview, html = None if mail.call is None else catalogue.preview(mail), ""
        except Exception as error:  # any fault of a template: the page still says what became of the mail
            preview, html = None, f"{type(error).__name__} while rendering."
        if preview is not None:
            html = structure(preview.html)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(mail.get_kind_display()),
            "mail": mail,
            "preview": preview,
            "html": html,
            "reports": mail.bounces.all(),
            "offered": _offered(mail) if self.has_change_permission(request) else [],
        }
        return TemplateResponse(request, "admin/registrations/outgoingmail/mail.html", context)

    def act(self, request: HttpRequest, mail_id: int, *, name: str) -> HttpResponseBase:
        """Do one thing with one mail."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        mail = get_object_or_404(self.get_queryset(request), pk=mail_id)
        self._run(request, [mail], name)
        return redirect("admin:registrations_outgoingmail_change", mail.pk)

    def pause(self, request: HttpRequest) -> HttpResponseBase:
        """Stop all outgoing mail. A pause that is there stays its author's, who ends it."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        before = reports.mail_gate()
        if before is not None and before.paused_at is not None:
            messages.warning(request, "All outgoing mail is paused already.")
            return redirect("admin:registrations_outgoingmail_changelist")
        reason = request.POST.get("reason", "").strip()[:300]
        gate = outbox.pause(now=clock.now(), by=request.user, reason=reason)
        self.log_change(request, gate, f"All mail paused. {reason}".strip())
        messages.warning(request, "All outgoing mail is paused. Mails wait here until someone resumes.")
        return redirect("admin:registrations_outgoingmail_changelist")

    def resume(self, request: HttpRequest) -> HttpResponseBase:
        """Let mail go again."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if not self._may_resume(request):
            messages.error(request, "Only who paused the mail, or an administrator, lets it go again.")
            return redirect("admin:registrations_outgoingmail_changelist")
        self.log_change(request, outbox.resume(), "Mail resumed.")
        messages.success(request, "Outgoing mail goes again.")
        return redirect("admin:registrations_outgoingmail_changelist")

    def _may_resume(self, request: HttpRequest) -> bool:
        """Whoever acts here tries a busy relay again; a person's pause is ended by that person or an administrator."""
        if not self.has_change_permission(request):
            return False
        gate = reports.mail_gate()
        is_others = gate is not None and gate.paused_at is not None and gate.paused_by_id != request.user.pk
        return not is_others or is_administrator(request.user)

    # Acts on several

    @admin.action(description="Send again", permissions=["change"])
    def retry(self, request: HttpRequest, mails: QuerySet[OutgoingMail]) -> None:
        self._run(request, mails, "retry")

    @admin.action(description="Cancel", permissions=["change"])
    def cancel(self, request: HttpRequest, mails: QuerySet[OutgoingMail]) -> None:
        self._run(request, mails, "cancel")

    @admin.action(description="Put on hold", permissions=["change"])
    def hold(self, request: HttpRequest, mails: QuerySet[OutgoingMail]) -> None:
        self._run(request, mails, "hold")

    @admin.action(description="Send what the restore holds", permissions=["change"])
    def send_restored(self, request: HttpRequest, mails: QuerySet[OutgoingMail]) -> None:
        """All that are chosen at once, each with its former Message-ID; others stay as they are."""
        chosen = list(mails.filter(restored.IS_WAITING))
        sent = outbox.release_restored(mails=chosen)
        if chosen:
            LogEntry.objects.log_actions(request.user.pk, chosen, CHANGE, "Sent after a restore.")
        messages.success(request, f"{sent} {'mail goes' if sent == 1 else 'mails go'} now.")

    def _run(self, request: HttpRequest, mails: Iterable[OutgoingMail], name: str) -> None:
        chosen = list(mails)
        done = [mail for mail in chosen if _ACTS[name](mail, request)]
        for mail in done:
            self.log_change(request, mail, _DONE[name])
        if done:
            messages.success(request, f"{_DONE[name]} {len(done)} {'mail' if len(done) == 1 else 'mails'}.")
        if len(done) < len(chosen):
            left = len(chosen) - len(done)
            messages.warning(request, f"{left} left as {'it is' if left == 1 else 'they are'}: {_WHY_NOT[name]}")

    # Columns

    @admin.display(description="mail", ordering="kind")
    def mail(self, mail: OutgoingMail) -> SafeString:
        address = reverse("admin:registrations_outgoingmail_change", args=[mail.pk])
        return format_html('<a href="{}">{}</a>', address, mail.get_kind_display())

    @admin.display(description="to")
    def person(self, mail: OutgoingMail) -> SafeString | str:
        if mail.user is not None:
            return f"staff: {mail.user.email}"
        if mail.registration is None:
            return "the organisers"
        address = reverse("admin:registrations_registration_change", args=[mail.registration_id])
        return format_html('<a href="{}">{}</a>', address, mail.registration.reference)

    @admin.display(description="event")
    def event(self, mail: OutgoingMail) -> str:
        return Truncator(mail.call.event.slug).chars(40) if mail.call else "–"

    @admin.display(description="due", ordering="due_at")
    def due(self, mail: OutgoingMail) -> str:
        return _moment(mail.due_at)

    @admin.display(description="sent", ordering="sent_at")
    def sent(self, mail: OutgoingMail) -> str:
        return _moment(mail.sent_at) if mail.sent_at else "–"

    @admin.display(description="state", ordering="state")
    def state_shown(self, mail: OutgoingMail) -> SafeString:
        is_back = mail.state == MailState.SENT and mail.is_back
        css = "people-warn" if is_back or mail.state in _BAD else ""
        more = ["since a restore"] if mail.restored_at else []
        more += [f"may have arrived {'twice' if mail.sent_at else 'already'}"] if mail.is_maybe_repeated else []
        more += [f"{mail.attempts} attempts"] if mail.attempts > 1 else []
        words = ", ".join([mail.get_state_display(), *_returned(mail), *more])
        note = format_html(' <span class="people-quiet">{}</span>', mail.last_error) if mail.last_error else ""
        return format_html('<span class="{}">{}</span>{}', css, words, note)


def _post_only(page: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    return require_http_methods(["POST"])(lambda request, **parts: page(request, **parts))


def _moment(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "j M Y, H:i")


def _returned(mail: OutgoingMail) -> list[str]:
    """What mail servers said of it later, in words."""
    if mail.state != MailState.SENT or not (mail.is_back or mail.is_late):
        return []
    words = "came back" if mail.is_back else "not delivered yet"
    return [f"{words} ({mail.back_status})" if mail.back_status else words]


def _offered(mail: OutgoingMail) -> list[tuple[str, str]]:
    buttons = _BUTTONS[:1] if mail.kind in leases.GO_ALWAYS else _BUTTONS
    offered = [(name, words) for name, words, states in buttons if mail.state in states]
    return [("retry", "Send again")] if not offered and outbox.may_retry(mail=mail) else offered


def structure(html: str) -> SafeString:
    """The HTML part of a mail without styles, links and pictures, to be shown inside a page below its headings."""
    for tag in ("h1", "h2"):
        html = html.replace(f"<{tag}", "<h4").replace(f"</{tag}>", "</h4>")
    cleaned = nh3.clean(html, tags=_SHOWN_TAGS, attributes={}, clean_content_tags={"style", "script", "title", "head"})
    return mark_safe(cleaned)  # noqa: S308  # nh3 has left the plain structure of our own template


_ACTS: dict[str, Callable[[OutgoingMail, HttpRequest], bool]] = {
    "retry": lambda mail, request: outbox.retry(mail=mail, now=clock.now(), by=request.user),
    "cancel": lambda mail, request: outbox.cancel(mail=mail, by=request.user),
    "hold": lambda mail, request: bool(outbox.hold(mails=[mail])),
}
_DONE = {"retry": "Sent to the queue again:", "cancel": "Cancelled:", "hold": "On hold:"}
_WHY_NOT = {
    "retry": "only what was refused, cancelled or held, or came back, can be sent again.",
    "cancel": "it is sent already, or on its way, or it warns staff of what was done in their name.",
    "hold": "only what waits can be put on hold, and no mail that warns staff of what was done in their name.",
}
_BUTTONS = (
    ("retry", "Send again", outbox.REPEATABLE),
    ("cancel", "Cancel this mail", outbox.STOPPABLE),
    ("hold", "Put on hold", (MailState.QUEUED,)),
)
