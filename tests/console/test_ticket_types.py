"""Every type of ticket has a name, a sign and a patience on the pages."""

from __future__ import annotations

import pytest
from flask import Flask, get_template_attribute

from console.waiting import patience
from models import TicketType


@pytest.mark.parametrize("type_", list(TicketType))
def test_a_type_is_named_in_both_languages(app: Flask, type_: TicketType) -> None:
    names = set()
    for language in ("en", "zh-CN"):
        with app.test_request_context("/", headers={"Accept-Language": language}):
            names.add(str(get_template_attribute("_macros.html", "type_name")(type_)).strip())
    assert len(names) == 2
    assert type_ is TicketType.COMPLAINT or not names & {"Complaint", "投诉"}


@pytest.mark.parametrize("type_", list(TicketType))
def test_a_type_is_late_some_time_after_it_is_due_soon(type_: TicketType) -> None:
    assert 0 < patience(type_, danger=False).soon_s < patience(type_, danger=False).late_s
    assert patience(type_, danger=True).late_s <= 180
