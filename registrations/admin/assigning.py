"""Pages for organisers about the reviews of a call: who reads what, and what all reviews together say."""

from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from accounts.models import User
from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import review_reports
from registrations.admin.access import call_page
from registrations.models import Registration, Review
from registrations.review_reports import Showing
from registrations.services import assigning

_FOLDER = "admin/registrations/review"
_PER_PAGE = 50
_SHOWINGS = {
    Showing.ALL: "All",
    Showing.DIFFERENT: f"Reviewers differ by {review_reports.DIFFERENCE} or more",
    Showing.STALE: "An answer changed after a score",
    Showing.FEW: "Too few reviews",
    Showing.CONFLICT: "A conflict of interest",
}


class SpreadForm(forms.Form):
    """How many reviewers each application gets, and who is left out."""

    per_application = forms.IntegerField(label="Reviewers for each application", min_value=1, max_value=20, initial=2)
    avoid_own_organisation = forms.BooleanField(
        label="Nobody reads applications of their own organisation or mail domain", required=False, initial=True
    )
    avoid_own_country = forms.BooleanField(label="Nobody reads applications of their own country", required=False)


class GiveForm(forms.Form):
    """To whom the chosen applications are given."""

    reviewer = forms.ModelChoiceField(
        queryset=None,
        label="Give the chosen to",
        empty_label="Please choose",
        error_messages={"required": "Please choose a reviewer."},
    )
    chosen = forms.ModelMultipleChoiceField(
        queryset=None,
        error_messages={
            "required": "Please choose at least one application.",
            "invalid_choice": "One of these applications is not in any more. Please choose again.",
        },
    )

    def __init__(self, *args: object, call: Call, chosen: QuerySet[Registration], **kwargs: object) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        readers = User.objects.filter(review_assignments__call=call, is_active=True)
        self.fields["reviewer"].queryset = readers.order_by("name", "email")
        self.fields["chosen"].queryset = chosen


def reviewers(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """Who of the reviewers has how much to read; spread the applications evenly over them."""
    form = SpreadForm(request.POST if request.method == "POST" else None, label_suffix="")
    spread, status = None, 422 if form.is_bound else 200
    if form.is_valid():
        try:
            spread = assigning.spread(call=call, by=request.user, now=clock.now(), **form.cleaned_data)
            status = 200
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _spread_words(spread))
            if not spread.short:
                return redirect("admin:registrations_call_reviewers", call.pk)
    context = {
        "title": "Give applications to reviewers",
        "form": form,
        "spread": spread,
        "loads": review_reports.reviewer_loads(call),
        "has_tasks": review_reports.has_tasks(call),
        "files": review_reports.files_for_reviewers(call),
    }
    return call_page(model_admin, request, call, f"{_FOLDER}/reviewers.html", context, status=status)


def reviews(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """The call's applications with what each reviewer thinks of them; chosen ones are given to a reviewer by hand."""
    showing = _showing(request)
    applications = review_reports.reviewed_applications(call, showing=showing)
    form = GiveForm(request.POST if request.method == "POST" else None, call=call, chosen=_people(call))
    if form.is_valid():
        given = form.cleaned_data
        try:
            number = assigning.give(
                registrations=list(given["chosen"]), reviewer=given["reviewer"], by=request.user, now=clock.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{number} more given to {given['reviewer']}.")
            return redirect(request.get_full_path())
    return _table(model_admin, request, call, showing, applications, form)


def _table(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    call: Call,
    showing: Showing,
    applications: QuerySet[Registration],
    form: GiveForm,
) -> TemplateResponse:
    page = Paginator(applications, _PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": "Reviews",
        "page": page,
        "rows": [(one, [_opinion(review) for review in one.reviews.all()], _waiting(one)) for one in page],
        "chosen": set(request.POST.getlist("chosen")),
        "form": form,
        "showing": showing,
        "showings": [(key, words, f"?{urlencode({'show': key})}") for key, words in _SHOWINGS.items()],
        "others": f"show={showing}&",
    }
    status = 422 if form.is_bound else 200
    return call_page(model_admin, request, call, f"{_FOLDER}/reviews.html", context, status=status)


def _showing(request: HttpRequest) -> Showing:
    try:
        return Showing(request.GET.get("show", Showing.ALL))
    except ValueError:
        return Showing.ALL


def _people(call: Call) -> QuerySet[Registration]:
    return Registration.objects.filter(call=call).select_related("call")


def _opinion(review: Review) -> tuple[Review, float | None]:
    return review, review_reports.share_of(review.scores.all())


def _waiting(registration: Registration) -> list[User]:
    """To whom it was given and who has not said anything yet."""
    said = {review.reviewer_id for review in registration.reviews.all()}
    return [task.reviewer for task in registration.review_tasks.all() if task.reviewer_id not in said]


def _spread_words(spread: assigning.Spread) -> str:
    given = f"{spread.given} given" if spread.given else "Nothing to give: everything was given before"
    lacking = f" {len(spread.short)} lack reviewers." if spread.short else ""
    return f"{given}, of {spread.applications} application{'' if spread.applications == 1 else 's'}.{lacking}"
