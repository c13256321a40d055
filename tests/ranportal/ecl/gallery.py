"""A site that shows every part of the look once: its addresses are the test's own, its frame is the real one."""

from datetime import date
from pathlib import Path

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout, Submit
from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import engines
from django.urls import include, path

GALLERY = Path(__file__).with_name("gallery.html")
FORM_PAGE = """
{% extends "base.html" %}{% load ecl crispy_forms_tags %}
{% block title %}Register{% endblock %}
{% block page_header %}{% page_header "Register" %}{% endblock %}
{% block content %}{% crispy form %}{% endblock %}
"""


class EveryField(forms.Form):
    """One field of each kind that the portal's forms have."""

    given_name = forms.CharField(label="Given name", widget=forms.TextInput(attrs={"autocomplete": "given-name"}))
    display_name = forms.CharField(
        label="Name that others will see", required=False, help_text="A first name or “Psychologist, Latvia” is fine."
    )
    email = forms.EmailField(label="E-mail address", help_text="We send a code to this address.")
    web = forms.URLField(label="Web page", required=False, assume_scheme="https")
    country = forms.ChoiceField(label="Country", choices=[("", "Please choose"), ("LV", "Latvia"), ("FR", "France")])
    years = forms.IntegerField(label="Years in this work")
    since = forms.DateField(label="Since when?", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    motivation = forms.CharField(
        label="Why would you like to take part?",
        help_text="Up to 200 words. No names, places or details of a case.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    sector = forms.ChoiceField(
        label="Where do you work?",
        help_text="Choose what is closest.",
        choices=[("prison", "Prison and probation"), ("police", "Police")],
        widget=forms.RadioSelect,
    )
    topics = forms.MultipleChoiceField(
        label="Which topics matter to you?",
        choices=[("trust", "Building trust"), ("sharing", "Sharing information")],
        widget=forms.CheckboxSelectMultiple,
    )
    cv = forms.FileField(label="A short CV", help_text="PDF, PNG or JPEG, up to 5 MB.")
    consent = forms.BooleanField(label="The others may see the name that I chose", required=False)
    privacy = forms.BooleanField(label="I have read how my data are used", help_text="One page.")
    version = forms.CharField(widget=forms.HiddenInput, initial="1")

    @property
    def helper(self) -> FormHelper:
        """Two groups of fields and a button."""
        helper = FormHelper()
        helper.layout = Layout(
            Fieldset("About you", "given_name", "display_name", "email", "web", "country", "years", "since"),
            Fieldset("Your work", "motivation", "sector", "topics", "cv", "consent", "privacy", "version"),
        )
        helper.add_input(Submit("send", "Send application"))
        return helper


def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in every variant."""
    messages.success(request, "Done. Thank you for telling us.")
    context = {
        "page": Paginator(range(200), 10).page(request.GET.get("page", 6)),
        "day": date(2023, 9, 20),
        "next_day": date(2023, 9, 21),
        "headers": ["Profession", "Applicants"],
        "rows": [["Police", 12], ["Prison", 8]],
    }
    return HttpResponse(engines["django"].from_string(GALLERY.read_text()).render(context, request))


def form(request: HttpRequest) -> HttpResponse:
    """The form with every field; sent, it answers 422 with what is missing."""
    bound = EveryField(request.POST, request.FILES) if request.method == "POST" else EveryField()
    page = engines["django"].from_string(FORM_PAGE).render({"form": bound}, request)
    return HttpResponse(page, status=422 if bound.errors else 200)


def refusal(request: HttpRequest, number: str) -> HttpResponse:
    """A page that says that something did not work."""
    return render(request, f"{number}.html")


def stub(request: HttpRequest) -> HttpResponse:
    """A page that only needs an address."""
    return render(request, "base.html")


events = [
    path("", stub, name="home"),
    path("events/", stub, name="event-list"),
    path("events/basics/", stub, name="event-detail"),
    path("announcements/", stub, name="announcement-list"),
    path("publications/", stub, name="publication-list"),
    path("accessibility/", stub, name="accessibility"),
    path("recognise-our-mails/", stub, name="mails"),
]
registrations = [
    path("registrations/link/", stub, name="link-request"),
    path("privacy/", stub, name="privacy"),
]
urlpatterns = [
    path("gallery/", gallery),
    path("form/", form),
    path("refusals/<str:number>/", refusal),
    path("", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("", include((events, "events"))),
    path("", include((registrations, "registrations"))),
]
