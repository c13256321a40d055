"""What staff pages of several apps share."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Field, Model
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from simple_history.admin import SimpleHistoryAdmin


class PagesToRead(admin.ModelAdmin):
    """A section of pages of its own: nobody adds, changes or deletes a row here, whatever else one is."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OwnKeyOnly(admin.ModelAdmin):
    """Lets a list that was opened as a pop-up give the keys of its rows, and no other field of them."""

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return to_field == self.opts.pk.name


class NarrowLookups(OwnKeyOnly):
    """Lets the address of a list ask what its filters offer, and nothing else about any field."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        offered: set[str] = set()
        for one in self.get_list_filter(request):
            if isinstance(one, str):
                offered |= {f"{one}{ending}" for ending in ("__exact", "__id__exact", "__isnull")}
            else:
                offered.add(getattr(one, "parameter_name", ""))
        return lookup in offered


class HistoryAdmin(NarrowLookups, SimpleHistoryAdmin):
    """Shows who changed what, and older versions to read. None is ever put back from here: services write."""

    def revert_disabled(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the small buttons that open what is related in another window: it has a page of its own."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_add_related = field.widget.can_change_related = field.widget.can_view_related = False
        return field

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._require_keys(unquote(object_id))
        return super().history_view(request, object_id, extra_context)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        # The library saves what is posted here even where its button is hidden.
        if request.method != "GET":
            raise PermissionDenied
        self._require_keys(object_id, version_id)
        return super().history_form_view(request, object_id, version_id, extra_context)

    def _require_keys(self, *keys: str) -> None:
        """The library asks the database for whatever stands in the address. Raises Http404."""
        try:
            for key in keys:
                self.opts.pk.to_python(key)
        except ValidationError:
            raise Http404 from None
