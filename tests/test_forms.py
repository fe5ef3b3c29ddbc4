import sys
import unicodedata
from typing import Any

from feedback.forms import DIRECTIONS, NOT_IN_A_LINE, NOT_IN_A_TEXT, FeedbackForm
from feedback.models import Feedback


def test_what_nobody_sees_is_kept_out_of_every_field() -> None:
    characters = [chr(code) for code in range(sys.maxunicode + 1)]
    invisible = {one for one in characters if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp")}
    assert set(filter(NOT_IN_A_LINE.match, characters)) == invisible | set(DIRECTIONS)
    assert set(filter(NOT_IN_A_TEXT.match, characters)) == invisible - {"\n", "\t"}


def test_the_form_takes_what_a_row_can_hold() -> None:
    asked: dict[str, Any] = FeedbackForm.base_fields
    for name, field in asked.items():
        saved: Any = Feedback._meta.get_field(name)
        assert field.max_length == saved.max_length
