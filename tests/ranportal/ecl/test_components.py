"""The parts that pages are put together from."""

from datetime import date

import pytest
from django.core.paginator import Paginator
from django.template import engines
from django.test import Client, RequestFactory

pytestmark = pytest.mark.urls("tests.ranportal.ecl.gallery")


def rendered(template: str, request=None, **context) -> str:
    html = engines["django"].from_string("{% load ecl %}" + template).render(context, request)
    return " ".join(html.split())


def test_text_of_people_is_never_markup() -> None:
    template = (
        "{% page_header text text meta=text %}{% list_item text text description=text meta=text status=text %}"
        "{% label text %}{% notification 'info' text %}{{ text }}{% endnotification %}{% panel text %}{% endpanel %}"
        "{% fact text %}{% endfact %}{% moment text text %}{% endmoment %}{% section text %}{% endsection %}"
        "{% breadcrumb text text text %}{% button text name=text value=text %}{% link_button text text %}"
        "{% link text text %}{% file_download text text kind=text size=1 %}{% table text headers rows %}"
    )
    text = "<script>alert(1)</script>"
    html = rendered(template, text=text, headers=[text], rows=[[text, text]])
    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 30


def test_a_part_without_content_shows_no_empty_box() -> None:
    assert "ecl-notification__description" not in rendered(
        "{% notification 'success' 'Received' %} {% endnotification %}"
    )


def test_an_unknown_kind_of_label_is_refused() -> None:
    with pytest.raises(ValueError, match="succes"):
        rendered("{% label 'Open' 'succes' %}")


def test_the_breadcrumb_begins_at_home_and_ends_here() -> None:
    html = rendered("{% breadcrumb 'Events' '/events/' 'Basics' %}")
    assert (
        html.index('href="/"')
        < html.index('href="/events/"')
        < html.index('aria-current="page"')
        < html.index("Basics")
    )


def test_a_breadcrumb_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="breadcrumb"):
        rendered("{% breadcrumb 'Events' '/events/' %}")


def test_the_menu_marks_the_section_of_a_page_below_it() -> None:
    request = RequestFactory().get("/events/basics/")
    html = rendered(
        "{% nav_link 'Events' 'events:event-list' %}{% nav_link 'News' 'events:announcement-list' %}", request
    )
    assert html.count("aria-current") == 1
    assert html.index("aria-current") < html.index("News")


def test_a_date_block_says_the_whole_date_to_those_who_hear_it() -> None:
    html = rendered("{% date_block day %}", day=date(2023, 9, 20))
    assert '<span class="ecl-date-block__daytime">20 September 2023</span>' in html


def test_a_date_block_over_two_months_shows_both() -> None:
    html = rendered("{% date_block start end %}", start=date(2023, 9, 30), end=date(2023, 10, 1))
    assert "30–1</span>" in html
    assert "Sep–Oct" in html


def test_a_date_block_of_one_day_ignores_its_end() -> None:
    html = rendered("{% date_block day day %}", day=date(2023, 9, 20))
    assert "–" not in html


@pytest.mark.parametrize(
    ("size", "words"),
    [(512, "512 bytes"), (253860, "247.91 KB"), (1024, "1.00 KB"), (1572864, "1.50 MB")],
)
def test_a_file_says_its_real_size(size: int, words: str) -> None:
    assert f"(PDF, {words})" in rendered("{% file_download 'Paper' '/paper/' kind='PDF' size=size %}", size=size)


def test_pages_of_a_list_keep_its_other_conditions() -> None:
    page = Paginator(range(100), 10).page(2)
    request = RequestFactory().get("/events/", {"kind": "webinar", "page": "2", "q": "mental health & more"})
    html = rendered("{% pagination page %}", request, page=page)
    assert 'href="?kind=webinar&amp;page=3&amp;q=mental+health+%26+more"' in html
    assert 'aria-current="page"><span class="portal-hidden">Page </span>2</span>' in html


def test_a_list_of_one_page_has_no_pagination() -> None:
    assert rendered("{% pagination page %}", page=Paginator([1], 10).page(1)) == ""


def test_pieces_leave_out_what_is_empty() -> None:
    assert rendered("{% pieces 'Online' '' None 'English' as meta %}{{ meta|join:', ' }}") == "Online, English"


def test_the_commission_s_logo_is_off(client: Client) -> None:
    assert "logo-ec" not in rendered("{% site_mark %}")


def test_the_commission_s_logo_shows_where_the_setting_says_so(settings) -> None:
    settings.SHOW_COMMISSION_LOGO = True
    assert 'alt="European Commission"' in rendered("{% site_mark %}")


@pytest.mark.parametrize("number", ["400", "403", "403_csrf", "404", "413", "429", "500", "503"])
def test_a_refusal_can_be_shown_without_a_request(number: str) -> None:
    html = engines["django"].get_template(f"{number}.html").render()
    assert html.count("<h1") == 1
    assert '<meta name="robots" content="noindex">' in html


def test_no_page_carries_a_style_or_script_of_its_own(client: Client) -> None:
    for address in ("/gallery/", "/form/", "/refusals/404/", "/refusals/500/"):
        html = client.get(address).content.decode()
        assert " style=" not in html
        assert "<script" not in html
