"""Addresses of registering, and of what a person sees of the own registration."""

from django.urls import path

from registrations.views import contact, links, mine, register, statement, unsafe, vouch

app_name = "registrations"

urlpatterns = [
    path("privacy/", statement.privacy, name="privacy"),
    path("events/<slug:slug>/register/", register.register, name="registration-form"),
    path("events/<slug:slug>/register/sent/", register.sent, name="registration-sent"),
    path("registrations/link/", links.request_link, name="link-request"),
    path("registrations/link/sent/", links.link_sent, name="link-sent"),
    path("registrations/p/<str:token>/", links.follow_link, name="link-follow"),
    path("registrations/mine/", mine.my_registrations, name="registration-list"),
    path("registrations/mine/<str:reference>/", mine.my_registration, name="registration-mine"),
    path("registrations/mine/<str:reference>/answers/", mine.my_answers, name="registration-answers"),
    path("registrations/mine/<str:reference>/practical/", mine.my_details, name="registration-details"),
    path("registrations/mine/<str:reference>/contact/", contact.my_contacts, name="registration-contact"),
    path("registrations/mine/<str:reference>/unsafe/", unsafe.my_safety, name="registration-unsafe"),
    path("registrations/contact/", vouch.question, name="vouch-question"),
    path("registrations/contact/thanks/", vouch.thanks, name="vouch-thanks"),
    path("registrations/contact/<str:token>/", vouch.follow, name="vouch-follow"),
]
