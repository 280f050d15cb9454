"""How forms are drawn, on hosted pages and in the console."""

from __future__ import annotations

from typing import Any

from django.forms import BoundField, CheckboxInput, PasswordInput
from django.forms.renderers import TemplatesSetting

_CLASSES = "input inputField-customizable"


def is_password(field: BoundField) -> bool:
    return isinstance(field.field.widget, PasswordInput)


class Field(BoundField):
    """It knows its looks, and whether the page begins with it."""

    def build_widget_attrs(self, attrs: Any, widget: Any = None) -> Any:
        attrs = super().build_widget_attrs(attrs, widget)
        widget = widget or self.field.widget
        if widget.is_hidden or self.is_choice:
            return attrs
        attrs["class"] = f"{widget.attrs.get('class', '')} {_CLASSES}".strip()
        # At most one field has it, whatever forms ask for; a form can say that its page begins elsewhere.
        attrs["autofocus"] = self.is_first_to_fill and widget.attrs.get("autofocus") is not False
        if attrs["autofocus"] and self.form.non_field_errors():
            attrs["aria-describedby"] = f"{attrs.get('aria-describedby', '')} form_error".strip()
        return attrs

    @property
    def is_choice(self) -> bool:
        """Its label stands beside it, or it has a label for each option."""
        return bool(self.use_fieldset) or isinstance(self.field.widget, CheckboxInput)

    @property
    def is_password(self) -> bool:
        return is_password(self)

    @property
    def is_first_to_fill(self) -> bool:
        """The first that is wrong, or else the first that is empty, as passwords are: a page never repeats one."""
        fields = [field for field in self.form.visible_fields() if not field.field.disabled]
        wrong = [field.name for field in fields if field.errors]
        empty = [field.name for field in fields if is_password(field) or not field.value()]
        return self.name == next(iter([*wrong, *empty, *(field.name for field in fields)]), None)


class Renderer(TemplatesSetting):
    """`{{ form }}` is accessible and styled everywhere."""

    form_template_name = "ui/form.html"
    field_template_name = "ui/field.html"
    bound_field_class = Field
