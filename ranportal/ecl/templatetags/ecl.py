"""The look's components. `{% load ecl %}`, then:

    {% breadcrumb "Events" events_url event.title %}                   label, address, label, address, …, this page
    {% page_header title description="" meta=pieces %}                 the page's only h1, in the band below the menu
    {% pieces a b c as meta %}                                         a list of those that are not empty
    {% list_item title url date=… meta=… description=… status=… status_kind=… labels=… level=3 %}
    {% label "Registration open" "success" %}                          neutral info success warning error highlight
    {% icon "calendar" %}                                              decoration only; names: static/portal-icons.css
    {% notification "success" "Title" %} … {% endnotification %}       info success warning error
    {% panel "Title" "success" %} … {% endpanel %}                     a framed box: what to do now, status at a glance
    {% date_block start end=… status="past" %}                         a date or two; past, cancelled or nothing
    {% file_download title url kind="PDF" size=bytes description=… %}
    {% pagination page %}                                              a Page; keeps the query string
    {% facts %}{% fact "When" %} … {% endfact %}{% endfacts %}         terms and what they stand for
    {% timeline %}{% moment "3 September, 10:12" "Received" %} … {% endmoment %}{% endtimeline %}
    {% accordion %}{% section "Title" open=True %} … {% endsection %}{% endaccordion %}
    {% table "Caption" headers rows %}                                 lists of texts; scrolls by itself when too wide
    {% button "Send registration" name=… value=… kind=… icon=… %}      primary secondary tertiary danger
    {% link_button "Register" url kind=… icon=… %}   {% link "Text" url icon=… %}

Texts given as arguments and variables are escaped. Plain h2, h3, p, ul, ol, a, table and code inside the page's main
part look right without a class, so rendered Markdown needs nothing. Classes for layout (static/portal.css):
`portal-columns` (a div and an aside, side by side on wide screens; on a phone in the order of the template),
`portal-grid` (cards side by side), `portal-stack` (even space between children), `portal-actions` (buttons in a row),
`portal-list` (a list of list_item), `portal-lead`, `portal-note`, `portal-hidden` (for screen readers only). Blocks
of base.html: title, head, noindex, breadcrumb, page_header, messages, content, scripts.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.http import QueryDict
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

NOTIFICATION_ICONS = {"info": "information", "success": "check-filled", "warning": "warning", "error": "error"}
NOTIFICATION_WORDS = {"info": "Information", "success": "Done", "warning": "Please note", "error": "Problem"}
LABEL_KINDS = ("neutral", "info", "success", "warning", "error", "highlight")
MESSAGE_KINDS = {"debug": "info", "info": "info", "success": "success", "warning": "warning", "error": "error"}
BUTTON_KINDS = ("primary", "secondary", "tertiary", "danger")


# Site and page


@register.inclusion_tag("ecl/components/site_mark.html")
def site_mark() -> dict[str, Any]:
    """The site's name as text, beside the Commission's logo where the installation may show it."""
    return {"show_logo": settings.SHOW_COMMISSION_LOGO}


@register.inclusion_tag("ecl/components/nav_link.html", takes_context=True)
def nav_link(context: Context, text: str, url_name: str) -> dict[str, Any]:
    """A link of the main menu, marked as current on its page and on every page below it."""
    url = reverse(url_name)
    request = context.get("request")
    return {"text": text, "url": url, "is_current": bool(request and request.path.startswith(url))}


@register.inclusion_tag("ecl/components/messages.html", takes_context=True)
def page_messages(context: Context) -> dict[str, Any]:
    """Django's messages, each as a notification that screen readers announce."""
    return {
        "messages": [
            {"kind": MESSAGE_KINDS[message.level_tag], "text": message.message}
            for message in context.get("messages") or ()
        ]
    }


@register.inclusion_tag("ecl/components/breadcrumb.html")
def breadcrumb(*parts: str) -> dict[str, Any]:
    """Where the page is: label and address of each page above it (Home is added), then its own label."""
    if len(parts) % 2 == 0:
        raise ValueError("A breadcrumb is label and address of each page above, and the label of this one.")
    *above, here = parts
    return {"links": list(zip(above[::2], above[1::2], strict=True)), "here": here}


@register.inclusion_tag("ecl/components/page_header.html")
def page_header(title: str, description: str = "", meta: str | Iterable[str] = ()) -> dict[str, Any]:
    """The page's h1, a sentence about it, and short facts (the first stands out: what kind of page this is)."""
    return {"title": title, "description": description, "meta": as_list(meta)}


# Words and small parts


@register.simple_tag
def pieces(*texts: Any) -> list[Any]:
    """Those of `texts` that are not empty, as a list for meta= or labels=."""
    return [text for text in texts if text]


@register.inclusion_tag("ecl/components/label.html")
def label(text: str, kind: str = "neutral") -> dict[str, Any]:
    """A short status in a coloured frame; the words alone must say everything."""
    return {"text": text, "kind": one_of(kind, LABEL_KINDS)}


@register.simple_tag
def icon(name: str, size: str = "s") -> SafeString:
    """A decorative icon (2xs xs s m l); what it means must also be said in words."""
    return format_html('<span class="wt-icon--{} ecl-icon ecl-icon--{}" aria-hidden="true"></span>', name, size)


@register.inclusion_tag("ecl/components/button.html")
def button(
    text: str, *, kind: str = "primary", name: str = "", value: str = "", icon: str = "", type: str = "submit"
) -> dict[str, Any]:
    """A button of the form around it; `name` and `value` are sent when it was this one that was pressed."""
    one_of(kind, BUTTON_KINDS)
    return {"text": text, "kind": kind, "name": name, "value": value, "icon": icon, "type": type}


@register.inclusion_tag("ecl/components/link_button.html")
def link_button(text: str, url: str, *, kind: str = "primary", icon: str = "") -> dict[str, Any]:
    """A link that looks like a button, for the next step on another page."""
    return {"text": text, "url": url, "kind": one_of(kind, BUTTON_KINDS), "icon": icon}


@register.inclusion_tag("ecl/components/link.html")
def link(text: str, url: str, *, icon: str = "") -> dict[str, Any]:
    """A link that stands alone, large enough for a thumb."""
    return {"text": text, "url": url, "icon": icon}


@register.inclusion_tag("ecl/components/date_block.html")
def date_block(start: date, end: date | None = None, status: str = "") -> dict[str, Any]:
    """A date as a calendar leaf; of two dates both days show. Datetimes count as the day in their own zone."""
    if status not in ("", "past", "cancelled"):
        raise ValueError(f"A date is past, cancelled or nothing, not {status!r}.")
    spans = end is not None and (end.year, end.month, end.day) != (start.year, start.month, start.day)
    return {"start": start, "end": end if spans else None, "status": status}


@register.filter
def file_size(size: int) -> str:
    """A number of bytes as people read it: 512 bytes, 247.91 KB, 1.50 MB (1 KB is 1024 bytes)."""
    if size < 1024:
        return f"{size} bytes"
    if size < 1024 * 1024:
        return f"{size / 1024:.2f} KB"
    return f"{size / 1024 / 1024:.2f} MB"


# Parts with content of their own


@register.simple_block_tag
def notification(content: str, kind: str, title: str) -> SafeString:
    """A message in the page about what happened or what to mind."""
    parts = {"kind": kind, "icon": NOTIFICATION_ICONS[kind], "word": NOTIFICATION_WORDS[kind]}
    return render_to_string("ecl/components/notification.html", {**parts, "title": title, "content": content})


@register.simple_block_tag
def panel(content: str, title: str, kind: str = "neutral", level: int = 2) -> SafeString:
    """A framed box with a heading; `kind` colours its edge."""
    parts = {"title": title, "kind": one_of(kind, LABEL_KINDS), "level": level}
    return render_to_string("ecl/components/panel.html", {**parts, "content": content})


@register.simple_block_tag
def facts(content: str) -> SafeString:
    """A list of facts, term beside meaning; holds `fact` tags."""
    return format_html('<dl class="ecl-description-list ecl-description-list--horizontal">{}</dl>', content)


@register.simple_block_tag
def fact(content: str, term: str) -> SafeString:
    """One fact: the term, and what stands between the tags."""
    return format_html(
        '<dt class="ecl-description-list__term">{}</dt><dd class="ecl-description-list__definition">{}</dd>',
        term,
        content,
    )


@register.simple_block_tag
def timeline(content: str) -> SafeString:
    """What happened when, in order; holds `moment` tags."""
    return format_html('<ol class="ecl-timeline portal-timeline">{}</ol>', content)


@register.simple_block_tag
def moment(content: str, when: str, title: str) -> SafeString:
    """One moment of a timeline."""
    return render_to_string("ecl/components/moment.html", {"when": when, "title": title, "content": content})


@register.simple_block_tag
def accordion(content: str) -> SafeString:
    """Sections that open one by one, without JavaScript; holds `section` tags."""
    return format_html('<div class="ecl-accordion">{}</div>', content)


@register.simple_block_tag
def section(content: str, title: str, open: bool = False) -> SafeString:
    """One section of an accordion."""
    return render_to_string("ecl/components/section.html", {"title": title, "open": open, "content": content})


# Lists, files, tables


@register.inclusion_tag("ecl/components/list_item.html")
def list_item(
    title: str,
    url: str,
    *,
    date: date | None = None,
    end: date | None = None,
    date_status: str = "",
    meta: str | Iterable[str] = (),
    description: str = "",
    status: str = "",
    status_kind: str = "neutral",
    labels: str | Iterable[str] = (),
    level: int = 3,
) -> dict[str, Any]:
    """One result of a list: its linked title as a heading of `level`, with what there is to say at a glance."""
    return {
        "title": title,
        "url": url,
        "date": date,
        "end": end,
        "date_status": date_status,
        "meta": as_list(meta),
        "description": description,
        "status": status,
        "status_kind": one_of(status_kind, LABEL_KINDS),
        "labels": as_list(labels),
        "level": level,
    }


@register.inclusion_tag("ecl/components/file_download.html")
def file_download(title: str, url: str, *, kind: str, size: int, description: str = "") -> dict[str, Any]:
    """A document to download, with its type and real size in bytes."""
    return {"title": title, "url": url, "kind": kind, "size": file_size(size), "description": description}


@register.inclusion_tag("ecl/components/table.html")
def table(caption: str, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> dict[str, Any]:
    """A table of texts; the first cell of each row names the row."""
    return {"caption": caption, "headers": headers, "rows": [(row[0], row[1:]) for row in rows]}


@register.inclusion_tag("ecl/components/pagination.html", takes_context=True)
def pagination(context: Context, page: Page) -> dict[str, Any]:
    """Links to the other pages of a list; nothing when there is only one."""
    request = context.get("request")
    query = request.GET.copy() if request else QueryDict(mutable=True)
    return {
        "page": page,
        "links": [page_link(number, page, query) for number in shown_pages(page)],
        "previous": page_link(page.number - 1, page, query) if page.has_previous() else None,
        "next": page_link(page.number + 1, page, query) if page.has_next() else None,
    }


def page_link(number: int | None, page: Page, query: QueryDict) -> dict[str, Any]:
    """A page's number and address, with the list's other conditions kept; None stands for pages left out."""
    if number is None:
        return {"number": None}
    query["page"] = str(number)
    return {"number": number, "url": f"?{query.urlencode()}", "is_current": number == page.number}


def shown_pages(page: Page) -> list[int | None]:
    """The first, the last, and those around the current page; None where some are left out."""
    elided = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return [number if isinstance(number, int) else None for number in elided]


def as_list(texts: str | Iterable[str]) -> list[str]:
    """One text or several, as a list without empty ones."""
    return [text for text in ([texts] if isinstance(texts, str) else texts) if text]


def one_of(kind: str, kinds: Iterable[str]) -> str:
    """`kind`, if the look knows it. Raises ValueError otherwise: a typo would quietly lose its colour."""
    if kind not in kinds:
        raise ValueError(f"There is no {kind!r} here, only {', '.join(kinds)}.")
    return kind
