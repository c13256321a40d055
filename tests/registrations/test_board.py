"""The selection board: who is on it, in which order, and what it says about each."""

from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.enums import Role
from registrations.enums import (
    Audience,
    CheckResult,
    Outcome,
    PinDirection,
    ProposedAs,
    QuestionKind,
    ReasonCode,
    State,
)
from registrations.models import BoardView, Registration
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    DecisionFactory,
    OutgoingMailFactory,
    PinFactory,
    ProposalFactory,
    ProposalLineFactory,
    QuestionFactory,
    RegistrationFactory,
    ReviewFactory,
    UserFactory,
)
from tests.registrations.people_story import application, call_page, set_clock, signed_in, story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def board(told, query="", user=None):
    return signed_in(user or told.organiser).get(f"{call_page(told.call, 'board/')}?{query}")


def shown(page):
    return [row.registration.reference for row in page.context["rows"]]


def scored(registration, score, *, spread=0, reviews=1):
    found = Registration.objects.filter(pk=registration.pk)
    found.update(score=score, score_spread=spread, review_count=reviews)


# Doors


def test_organisers_of_the_call_see_the_board_and_nobody_else():
    told = story()
    others = UserFactory(role=Role.ORGANISER)
    for page in ("board/", "board/rules/", "board/proposal/"):
        address = call_page(told.call, page)
        assert signed_in(told.organiser).get(address).status_code == 200
        assert signed_in(UserFactory(administrator=True)).get(address).status_code == 404
        assert signed_in(others).get(address).status_code == 404
        assert signed_in(told.reviewer).get(address).status_code == 403
    assert signed_in(told.reviewer).post(call_page(told.call, "board/"), {"act": "select"}).status_code == 403


def test_an_open_call_has_no_board():
    told = story()
    call = CallFactory(organisers=[told.organiser])
    for page in ("board/", "board/rules/", "board/proposal/"):
        assert signed_in(told.organiser).get(call_page(call, page)).status_code == 404


def test_the_pages_of_a_selective_call_lead_to_the_board_first():
    told = story()
    text = signed_in(told.organiser).get(call_page(told.call, "release/")).content.decode()
    assert text.index("Selection board") < text.index(">List<")


# Who is on it


def test_applicants_and_those_decided_are_on_the_board_but_nobody_who_is_out():
    told = story()
    kept = [told.applicant.reference]
    kept += [RegistrationFactory(call=told.call, **{state: True}).reference for state in ("confirmed", "declined")]
    for state in ("unproven", "withdrawn"):
        RegistrationFactory(call=told.call, **{state: True})
    RegistrationFactory(submitted=True)
    assert sorted(shown(board(told))) == sorted(kept)


def test_no_name_address_or_organisation_stands_on_the_board_itself():
    told = story()
    rows = board(told).content.decode().split('id="board-rows"')[1].split('id="board-panel"')[0]
    for said in ("Zoë", "Őrségi", "zoe@", "Example clinic"):
        assert said not in rows
    assert told.applicant.reference in rows


def test_an_empty_board_says_what_it_will_be_for():
    told = story()
    Registration.objects.update(state=State.WITHDRAWN)
    assert "Nobody has applied yet" in board(told).content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_the_board_needs_as_many_queries_for_three_as_for_one(number, django_assert_num_queries):
    told = story()
    QuestionFactory(call=told.call, key="working_group", kind=QuestionKind.SINGLE_CHOICE, choices=[["a", "A"]])
    proposal = ProposalFactory(call=told.call)
    people = [told.applicant, *(application(told.call) for _ in range(number - 1))]
    for person in people:
        scored(person, 50)
        ProposalLineFactory(proposal=proposal, registration=person)
        DecisionFactory(registration=person)
        PinFactory(registration=person)
    client, address = signed_in(told.organiser), f"{call_page(told.call, 'board/')}?columns=motivation"
    client.get(address)
    with django_assert_num_queries(25):
        page = client.get(address)
    assert len(page.context["rows"]) == number


# What is asked for


def two(told, **second):
    return application(told.call, reference="P-OTHER"), second


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["P-2AAAA", "P-OTHER", "P-THIRD"]),
        ("score=80", ["P-2AAAA"]),
        ("spread=1", ["P-OTHER"]),
        ("unreviewed=1", ["P-THIRD"]),
        ("check=fine", ["P-OTHER"]),
        ("country=AT", ["P-OTHER"]),
        ("profession=police", ["P-THIRD"]),
        ("decision=none", ["P-THIRD"]),
        ("decision=select", ["P-2AAAA"]),
        ("decision=deviates", ["P-OTHER"]),
        ("proposed=selected", ["P-2AAAA"]),
        ("proposed=not_proposed", ["P-OTHER"]),
        ("pin=in", ["P-THIRD"]),
        ("pin=any", ["P-THIRD"]),
        ("state=confirmed", []),
        ("q-sector=Police+station", ["P-THIRD"]),
        ("first_time=false", ["P-OTHER"]),
        ("first_time=true", ["P-2AAAA", "P-THIRD"]),
        ("country=AT&score=80", []),
        ("country=nonsense&score=abc&sort=password&page=x", ["P-2AAAA", "P-OTHER", "P-THIRD"]),
        ("sort=reference", ["P-2AAAA", "P-OTHER", "P-THIRD"]),
        ("sort=-reference", ["P-THIRD", "P-OTHER", "P-2AAAA"]),
        ("sort=score", ["P-OTHER", "P-2AAAA", "P-THIRD"]),
        ("sort=-country", ["P-2AAAA", "P-THIRD", "P-OTHER"]),
    ],
)
def test_each_filter_and_each_order_finds_its_people(query, expected):
    told = story()
    sector = QuestionFactory(
        call=told.call, key="sector", kind=QuestionKind.SINGLE_CHOICE, choices=[["p", "Police station"]]
    )
    other = RegistrationFactory(
        call=told.call, submitted=True, reference="P-OTHER", country="AT", identity__email="again@example.org"
    )
    third = RegistrationFactory(call=told.call, submitted=True, reference="P-THIRD", profession="police")
    Registration.objects.filter(pk=other.pk).update(
        check_result=CheckResult.FINE, checked_at=NOW, checked_by=told.organiser
    )
    RegistrationFactory(state=State.ATTENDED, identity__email="again@example.org")
    AnswerFactory(registration=third, question=sector, value="Police station")
    scored(told.applicant, 90)
    scored(other, 40, spread=3, reviews=2)
    proposal = ProposalFactory(call=told.call)
    ProposalLineFactory(proposal=proposal, registration=told.applicant)
    ProposalLineFactory(proposal=proposal, registration=other, proposed_as=ProposedAs.NOT_PROPOSED, rank=None)
    DecisionFactory(registration=told.applicant)
    DecisionFactory(registration=other, outcome=Outcome.RESERVE, rank=1, is_deviation=True)
    PinFactory(registration=third)
    assert shown(board(told, query)) == expected


def test_an_organisation_is_looked_for_without_its_name_in_the_address():
    told = story()
    application(told.call, reference="P-HOUSE", organisation="Other House")
    offered = {one.key: one for one, _ in board(told).context["filters"]}
    key = next(key for key, words in offered["organisation"].choices if words == "Other House")
    assert "house" not in key.lower()
    assert shown(board(told, f"organisation={key}")) == ["P-HOUSE"]


def test_who_is_proposed_comes_in_the_order_of_the_proposal():
    told = story()
    proposal = ProposalFactory(call=told.call)
    for rank, reference in ((2, "P-SECND"), (1, "P-FIRST")):
        ProposalLineFactory(proposal=proposal, registration=application(told.call, reference=reference), rank=rank)
    assert shown(board(told, "sort=proposed&proposed=selected")) == ["P-FIRST", "P-SECND"]


def test_a_hundred_stand_on_a_page_and_links_keep_what_is_asked():
    told = story()
    for _ in range(104):
        application(told.call)
    first, second = board(told, "country=LV&sort=reference"), board(told, "country=LV&sort=reference&page=2")
    assert (len(shown(first)), len(shown(second))) == (100, 5)
    assert not set(shown(first)) & set(shown(second))
    assert "?country=LV&amp;sort=reference&amp;page=2" in first.content.decode()


def test_answers_become_columns_in_one_short_line_and_only_those_of_the_call():
    told = story()
    answer = told.applicant.answers.get(question=told.motivation)
    answer.text = "First line\nsecond line " + "and more " * 40
    answer.save()
    page = board(told, "columns=motivation&columns=diet&columns=password")
    (row,) = page.context["rows"]
    assert page.context["labels"] == ["Why?", "Diet?"]
    assert row.answers[0].startswith("First line second line and")
    assert (len(row.answers[0]), row.answers[1]) == (90, "Vegan")


# What it says about each


def test_reviewers_who_differ_by_two_points_are_marked():
    told = story()
    scored(told.applicant, 50, spread=2, reviews=2)
    assert "reviewers differ" in board(told).content.decode()
    scored(told.applicant, 50, spread=1, reviews=2)
    assert "reviewers differ" not in board(told).content.decode()


def test_staged_proposed_and_fixed_stand_in_the_row():
    told = story()
    ProposalLineFactory(registration=told.applicant, proposed_as=ProposedAs.RESERVE, rank=4)
    DecisionFactory(registration=told.applicant, reason_code=ReasonCode.NEEDED, is_deviation=True)
    PinFactory(registration=told.applicant, direction=PinDirection.OUT)
    text = board(told).content.decode()
    for words in ("Needed for the programme", "not as proposed", "must stay out", "Reserve list 4"):
        assert words in text


def test_mail_that_came_back_and_an_answer_changed_since_a_review_are_flags():
    told = story()
    assert board(told).context["rows"][0].flags == []
    mail = OutgoingMailFactory(registration=told.applicant, sent=True)
    mail.bounces.create(digest="", is_permanent=True, status="5.1.1", at=mail.sent_at)
    ReviewFactory(registration=told.applicant, changed_at=NOW)
    told.applicant.answers.filter(question__audience=Audience.ORGANISERS).update(changed_at=NOW.replace(hour=13))
    assert board(told).context["rows"][0].flags == ["mail came back"]
    told.applicant.answers.update(changed_at=NOW.replace(hour=13))
    assert board(told).context["rows"][0].flags == ["mail came back", "answers changed since a review"]


def test_what_somebody_did_before_is_hidden_until_a_score_is_in():
    told = story()
    for state, excused in ((State.ATTENDED, False), (State.ABSENT, False), (State.ABSENT, True)):
        RegistrationFactory(state=state, is_excused=excused, identity__email="zoe@example.org")
    RegistrationFactory(unproven=True, identity__email="zoe@example.org")
    page = board(told)
    assert page.context["rows"][0].earlier is None
    assert "did not take part" not in page.content.decode()
    scored(told.applicant, 50)
    page = board(told)
    earlier = page.context["rows"][0].earlier
    assert (earlier.applied, earlier.attended, earlier.absent) == (3, 1, 1)
    assert "3 applied, 1 attended" in page.content.decode()


def test_the_row_names_the_lines_of_the_panel_that_count_it():
    told = story()
    application(told.call)
    page = board(told)
    for row in page.context["rows"]:
        counted = [tuple(map(int, cell.split("-"))) for cell in row.cells.split()]
        assert [page.context["parts"][part].lines[line].applied for part, line in counted] == [2, 2, 2, 2]


# Views of one's own


def views_page(told):
    return call_page(told.call, "board/views/")


def test_a_view_keeps_what_is_asked_and_comes_back_under_its_name():
    told = story()
    client = signed_in(told.organiser)
    client.post(views_page(told), {"name": "Latvians", "query": "country=LV&columns=motivation&nonsense=1"})
    view = BoardView.objects.get()
    assert parse_qs(view.query) == {"country": ["LV"], "columns": ["motivation"]}
    client.post(views_page(told), {"name": "Latvians", "query": "unreviewed=1"})
    assert BoardView.objects.get().query == "unreviewed=1"
    assert "Latvians" in board(told).content.decode()


def test_a_view_is_seen_and_forgotten_by_its_owner_alone():
    told = story()
    view = BoardView.objects.create(call=told.call, owner=UserFactory(), name="Not mine", query="")
    mine = BoardView.objects.create(call=told.call, owner=told.organiser, name="Mine", query="")
    text = board(told).content.decode()
    assert "Mine" in text
    assert "Not mine" not in text
    client = signed_in(told.organiser)
    assert client.post(views_page(told), {"forget": view.pk}).status_code == 404
    assert client.post(views_page(told), {"forget": mine.pk}).status_code == 302
    assert list(BoardView.objects.all()) == [view]


def test_a_view_without_a_name_is_not_saved_and_one_comes_back_to_the_same_board():
    told = story()
    answer = signed_in(told.organiser).post(views_page(told), {"name": " ", "query": "country=LV"})
    assert urlsplit(answer.headers["Location"]).query == "country=LV"
    assert not BoardView.objects.exists()
