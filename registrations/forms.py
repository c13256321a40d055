"""The form of a call, built from its questions: sent by a person, changed later, or filled in by an organiser."""

from collections.abc import Mapping, Sequence
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout, LayoutObject, Submit
from django import forms
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString

from events.models import Call
from registrations import queries, retention
from registrations.countries import COUNTRY_CHOICES
from registrations.enums import AskedOf, Profession, QuestionKind
from registrations.field_register import OUTCOME, USUAL_DAYS, Care, Entry, care_of, entry_of
from registrations.fields import LineField, MailboxField, OnCheckbox
from registrations.models import Identity, Question, Registration
from registrations.models.identity import LENGTHS
from registrations.people import PersonDetails
from registrations.questions import KINDS, GivenAnswer, fitting, shown_keys

BY_TELEPHONE = "I prefer to tell you by telephone"
#: What is said about a code that is not the one of the mail.
CODE_DOES_NOT_FIT = (
    "This code does not fit. Please look at our newest mail again. A code works for 30 minutes and for five tries; "
    "the link in the mail works longer."
)
#: Where the register tells of the fields about the person.
_PERSON_COLUMNS = (
    *(f"registrations.Identity.{name}" for name in ("given_name", "display_name", "email", "organisation")),
    "registrations.Registration.country",
)
PERSON_FIELDS = ("given_name", "family_name", "display_name", "email", "country", "organisation", "profession")


def _length(name: str) -> int:
    return LENGTHS.get(name, 0)


def _line(name: str, label: str, missing: str, autocomplete: str, help_text: str = "") -> LineField:
    return LineField(
        limit=_length(name),
        label=label,
        help_text=help_text,
        error_messages={"required": missing},
        widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
    )


def _own_address(help_text: str) -> MailboxField:
    return MailboxField(
        label="E-mail address",
        help_text=help_text,
        error_messages={"required": "Enter your e-mail address."},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )


def _select(label: str, choices: Any, missing: str, **attrs: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=[("", "Please choose"), *choices],
        error_messages={"required": missing, "invalid_choice": missing},
        widget=forms.Select(attrs=attrs),
    )


def laid_out(form_id: str, button: str) -> FormHelper:
    """Return how crispy-forms lays out the form of this id, with one button below it."""
    helper = FormHelper()
    helper.form_id = form_id
    helper.form_class = "portal-form"
    # Several forms may stand on a page, each with a button.
    helper.add_input(Submit("send", button, css_id=f"send-{form_id}"))
    return helper


def _privacy_link(address: str) -> SafeString:
    return format_html(
        '<a class="ecl-link" href="{}" target="_blank" rel="noopener">Your data and your rights (opens a new tab)</a>',
        address,
    )


class QuestionsForm(forms.Form):
    """The questions of a call, answered by one person; fields that it does not know are ignored.

    Bound when `data` is given. After `is_valid()`: `answers()`.
    """

    use_required_attribute = False

    def __init__(
        self,
        *,
        questions: Sequence[Question],
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data=data, files=files, initial=dict(initial or {}), label_suffix="")
        self.questions: list[Question] = list(questions)
        for question in self.questions:
            self.fields[question.field_name] = KINDS[question.kind].field(question)
        self._say_what_was_sent()

    def clean(self) -> dict[str, Any]:
        """Forget what was typed into questions that are not asked, right or wrong."""
        super().clean()
        values = {question.key: answer.value for question, answer in self.answers().items()}
        asked = shown_keys(self.questions, values)
        for question in self.questions:
            if question.key not in asked:
                self.errors.pop(question.field_name, None)
                self.cleaned_data.pop(question.field_name, None)
        self._ask_for_files_again()
        return self.cleaned_data

    def answers(self) -> dict[Question, GivenAnswer]:
        """Return the given answers of a valid form, in the order of the questions; unanswered ones are not in it."""
        given = {
            question: KINDS[question.kind].given(question, self.cleaned_data[question.field_name])
            for question in self.questions
            if question.field_name in self.cleaned_data
        }
        return {question: answer for question, answer in given.items() if answer is not None}

    def _ask_for_files_again(self) -> None:
        """A browser forgets the files when a form comes back: say so, where nobody would look for it."""
        if not self.errors:
            return
        for question in self.questions:
            if question.kind == QuestionKind.FILE and self.files.get(question.field_name):
                self._say_more(question, "Please choose the file again: your browser has let go of it.")

    def _say_what_was_sent(self) -> None:
        for question in self.questions:
            sent = self.initial.get(question.field_name)
            if question.kind == QuestionKind.FILE and sent:
                self._say_more(question, f"You sent {sent['name']}: choose a file only to replace it.")

    def _say_more(self, question: Question, words: str) -> None:
        field = self.fields[question.field_name]
        field.help_text = format_html("{} {}", field.help_text, words)


class PersonForm(forms.Form):
    """Who a person is, as far as it may be put right later."""

    use_required_attribute = False
    given_name = _line("given_name", "Given name", "Enter your given name.", "given-name")
    family_name = _line("family_name", "Family name", "Enter your family name.", "family-name")
    display_name = _line(
        "display_name",
        "Name that others will see (a first name or “Psychologist, Latvia” is fine)",
        "Enter the name that others will see.",
        "off",
        "Other participants see this name, and no other.",
    )
    country = _select(
        "Country where you work", COUNTRY_CHOICES, "Choose the country where you work.", autocomplete="country"
    )
    organisation = _line(
        "organisation",
        "Organisation",
        "Enter your organisation.",
        "organization",
        f"“{BY_TELEPHONE}” is an answer too.",
    )


class RegistrationForm(QuestionsForm, PersonForm):
    """What a person sends: who it is, and the answers to the questions of `call`, or to the `questions` given.

    Bound when `data` is given. After `is_valid()`: `person()` and `answers()`.
    """

    field_order = PERSON_FIELDS
    email = _own_address("We send a code to this address. Your registration counts when you have confirmed it.")
    profession = _select("Field of work", Profession.choices, "Choose your field of work.")
    privacy = forms.BooleanField(
        label="I have read how my data are used",
        help_text=lazy(_privacy_link, SafeString)(reverse_lazy("registrations:privacy")),
        error_messages={"required": "Please read how your data are used and tick this box."},
        widget=OnCheckbox,
    )

    def __init__(
        self,
        *,
        call: Call,
        questions: Sequence[Question] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(questions=queries.questions_of(call) if questions is None else questions, **options)
        self.call = call
        if "privacy" in self.fields:
            self.fields["privacy"] = self.fields.pop("privacy")

    def person(self) -> PersonDetails:
        """Return who the person is, of a valid form."""
        return PersonDetails(**{name: self.cleaned_data[name] for name in PERSON_FIELDS})

    @property
    def button(self) -> str:
        """What the button says."""
        return "Send application" if self.call.is_selective else "Send registration"

    @property
    def helper(self) -> FormHelper:
        """How crispy-forms lays the form out."""
        helper = laid_out("registration", self.button)
        days = _days_of(self.call)
        about = [entry_of(name) for name in _PERSON_COLUMNS]
        helper.layout = Layout(Fieldset("About you", *PERSON_FIELDS, Notes(about, days)))
        if self.questions:
            notes = Notes([care_of(question) for question in self.questions], days)
            helper.layout.append(Fieldset("Your answers", *[_placed(one) for one in self.questions], notes))
        if "privacy" in self.fields:
            helper.layout.append(Fieldset("Before you send", "privacy"))
        return helper


class ByHandForm(RegistrationForm):
    """What an organiser fills in for a person who told us by telephone, mail or letter."""

    privacy = forms.BooleanField(
        label="I have told the person how their data are used",
        error_messages={"required": "Please tell the person how their data are used, then tick this box."},
        widget=OnCheckbox,
    )
    button = "Register this person"


class BesideForm(RegistrationForm):
    """What a person sends for somebody else who uses the same address."""

    def __init__(self, *, beside: Registration, **options: Any) -> None:
        super().__init__(call=beside.call, **options)
        _fix_email(self, beside)


class ChangeForm(RegistrationForm):
    """What a person changes afterwards. The address stays: it is what was confirmed."""

    privacy = None
    button = "Save changes"

    def __init__(self, *, registration: Registration, **options: Any) -> None:
        questions = queries.questions_of(registration.call)
        initial = {**_person_before(registration), **_said_before(registration, questions)}
        super().__init__(call=registration.call, questions=questions, initial=initial, **options)
        _fix_email(self, registration)


class PreviewForm(RegistrationForm):
    """The form as applicants see it, without a button."""

    @property
    def helper(self) -> FormHelper:
        """The same layout."""
        helper = super().helper
        helper.inputs = []
        return helper


class DetailsForm(QuestionsForm):
    """The practical questions, asked of those who are selected; `registration` None is a preview, without a button."""

    def __init__(
        self, *, registration: Registration | None, questions: Sequence[Question] | None = None, **options: Any
    ) -> None:
        self.is_preview = registration is None
        if registration is not None:
            questions = queries.questions_of(registration.call, asked_of=AskedOf.SELECTED)
            options["initial"] = _said_before(registration, questions)
        super().__init__(questions=questions or (), **options)
        self.days = _days_of(registration.call) if registration is not None else dict(USUAL_DAYS)

    @property
    def helper(self) -> FormHelper:
        """How crispy-forms lays the form out."""
        helper = laid_out("details", "Save")
        helper.inputs = [] if self.is_preview else helper.inputs
        notes = Notes([care_of(question) for question in self.questions], self.days)
        helper.layout = Layout(*[_placed(question) for question in self.questions], notes)
        return helper


class CodeForm(forms.Form):
    """The eight digits that the first mail brings."""

    use_required_attribute = False
    code = LineField(
        label="Code from our mail",
        help_text="Eight digits.",
        error_messages={"required": "Enter the eight digits of the code."},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "size": 12}),
    )

    helper = laid_out("code", "Confirm my address")

    def clean_code(self) -> str:
        """Return the digits. A slip of the finger is found here and costs no try."""
        code = self.cleaned_data["code"].replace(" ", "").replace("-", "")
        if not (code.isascii() and code.isdigit() and len(code) == 8):
            raise forms.ValidationError("The code has eight digits. Please look at our mail again.")
        return str(code)


class TrialCodeForm(CodeForm):
    """The same in a trial; `trial` carries what was sent so far, sealed."""

    trial = forms.CharField(widget=forms.HiddenInput)


class LinkForm(forms.Form):
    """To whom the private link is sent again."""

    use_required_attribute = False
    email = _own_address("The address with which you registered.")

    helper = laid_out("link", "Send me my private link")


class Notes(LayoutObject):
    """What the fields above are needed for, who sees them and when they go, in a box that opens."""

    fields: Sequence[Any] = ()

    def __init__(self, about: Sequence[Care | Entry], days: Mapping[str, int]) -> None:
        self.about, self.days = about, days

    def render(self, form: Any, context: Any, template_pack: Any = None, **kwargs: Any) -> SafeString:
        """Return the box as HTML."""
        rows = [(one, "" if one.kept is OUTCOME else one.kept.said(self.days)) for one in self.about]
        told = {"rows": rows, "usual": OUTCOME.said(self.days)}
        return render_to_string("registrations/_why.html", told)


def _days_of(call: Call) -> dict[str, int]:
    rules = retention.rules_of(call)
    return {name: getattr(rules, name) for name in USUAL_DAYS}


def _placed(question: Question) -> str | LayoutObject:
    """Where the question stands; one with a condition stands in a box that conditions.js may hide."""
    if question.condition_question is None:
        return question.field_name
    condition = question.condition_question
    return Div(question.field_name, data_asked_if=condition.field_name, data_asked_value=question.condition_value)


def _fix_email(form: RegistrationForm, registration: Registration) -> None:
    form.initial["email"] = registration.identity.email
    form.fields["email"].disabled = True
    form.fields["email"].help_text = ""


def _person_before(registration: Registration) -> dict[str, Any]:
    person = {name: getattr(registration.identity, name) for name in PERSON_FIELDS if hasattr(Identity, name)}
    return {**person, "country": registration.country, "profession": registration.profession}


def _said_before(registration: Registration, questions: Sequence[Question]) -> dict[str, Any]:
    """What each field starts with: the answer, also one to an earlier wording where kind and choices still fit."""
    answers = registration.answers.select_related("question").order_by("question__version")
    said = {(answer.question.asked_of, answer.question.key): answer for answer in answers}
    initial = {}
    for question in questions:
        answer = said.get((question.asked_of, question.key))
        value = None if answer is None else fitting(answer.value, answer.question, question)
        if value is not None:
            initial[question.field_name] = KINDS[question.kind].initial(value)
    return initial
