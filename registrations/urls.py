"""Addresses of registering, and of what a person sees of the own registration."""

from django.urls import path

from registrations.views import contact, extras, links, mine, my_data, register, statement, unsafe, vouch

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
    path("registrations/mine/<str:reference>/call-me/", unsafe.my_safety, name="registration-unsafe"),
    path("registrations/mine/<str:reference>/extras/", extras.my_extras, name="registration-extras"),
    path("registrations/mine/<str:reference>/data/", my_data.my_data, name="registration-data"),
    path("registrations/mine/<str:reference>/correct/", my_data.my_correction, name="registration-correct"),
    path("registrations/mine/<str:reference>/erase/", my_data.my_erasure, name="registration-erase"),
    path("registrations/erased/", my_data.erased, name="registration-erased"),
    path("registrations/contact/", vouch.question, name="vouch-question"),
    path("registrations/contact/thanks/", vouch.thanks, name="vouch-thanks"),
    path("registrations/contact/<str:token>/", vouch.follow, name="vouch-follow"),
]
