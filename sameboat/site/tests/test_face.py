from datetime import UTC, date, datetime

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory
from django.utils.translation import override

from sameboat.site.notation import NotationError
from sameboat.site.templatetags import face


def written(source, **context):
    return Template("{% load face %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{% quantity None %}", "数量不详"),
        ('{% money None "CNY" %}', "金额不详"),
        ("{% day None %}", "日期不详"),
        ("{% moment None %}", "时间不详"),
        ("{% share None 5 %}", "占比不详"),
        ("{% share 0 0 %}", "占比不详"),
    ],
)
def test_what_is_not_known_is_hatched_and_said(source, words):
    """Unknown is never zero and never blank, in the reader's language."""
    with override("zh-hans"):
        assert written(source) == f'<span class="unknown">{words}</span>'


def test_zero_is_a_known_quantity():
    """Zero is written as a number, not as unknown."""
    assert written('{% quantity 0 "pcs" %}') == (
        '<data class="number" value="0">0</data>\xa0<span class="unit">pcs</span>'
    )


@pytest.mark.parametrize("state", face.SEALS)
def test_only_a_signature_that_verifies_is_red(state):
    """The red ground belongs to one state alone, and every state has words beside its sign."""
    drawn = written("{% seal state %}", state=state)
    assert ("#seal-signed" in drawn) == (state == "signed")
    assert str(face.SEALS[state][1]) in drawn


def test_a_state_nobody_defined_is_refused():
    """A typing mistake cannot show an empty seal."""
    with pytest.raises(NotationError):
        written('{% seal "confirmed" %}')


def test_an_unverified_seal_names_no_signer():
    """Who signed is said only where the signature verifies."""
    assert "somebody" not in written('{% seal "invalid" by="somebody" %}')


HOSTILE = '"><script>alert(1)</script>'


@pytest.mark.parametrize(
    "source",
    [
        "{% quantity 1 bad %}",
        '{% seal "signed" by=bad %}',
        "{% proof_link bad %}",
        "{% copyable bad bad %}",
        "{% sentence kicker=bad %}{{ bad }}{% endsentence %}",
        "{% figure bad 1 unit=bad source=bad source_url=bad proof=bad %}",
        '{% include "registry/story.html" with steps=life %}',
        "{% ledger caption=bad narrow=bad download=bad %}{% cell bad %}{{ bad }}{% endcell %}{% endledger %}",
        "{% empty bad %}{{ bad }}{% endempty %}",
        "{% notice %}{{ bad }}{% endnotice %}",
        "{% pages newer=bad older=bad %}",
        "{% as_of_bar None %}",
        "{% bars_chart 'goods' bars bad bad bad %}",
        "{% flow_chart 'flow' stages bad bad bad %}",
        "{% lines_chart 'lines' lines bad bad bad %}",
        "{% columns_chart 'days' days bad bad bad %}",
    ],
)
def test_hostile_words_stay_words(source):
    """Text from outside is escaped by every component."""
    today = date(2020, 2, 3)
    page = written(
        source,
        bad=HOSTILE,
        life=[
            {
                "what": HOSTILE,
                "item": HOSTILE,
                "counted": True,
                "stated": HOSTILE,
                "when": today,
                "quantity": 1,
                "unit": HOSTILE,
                "amount": None,
            }
        ],
        bars=[(HOSTILE, 1, 1, 0)],
        stages=[(HOSTILE, 2, HOSTILE), (HOSTILE, 1, "")],
        lines=[(HOSTILE, [(today, 1)])],
        days=[(today, 1)],
        request=RequestFactory().get("/needs", {HOSTILE: HOSTILE}),
    )
    assert "<script" not in page


def test_a_table_that_is_cut_short_says_so():
    """The reader learns how many rows there are and how to get them."""
    page = written('{% ledger caption="x" shown=50 total=3501 narrow="#n" download="/d" %}{% endledger %}')
    assert "Showing 50 of 3,501 rows." in page
    assert 'href="/d"' in page


def test_a_whole_table_says_nothing_of_rows():
    """No remark stands under a table that shows everything."""
    assert "Showing" not in written('{% ledger caption="x" shown=3 total=3 %}{% endledger %}')


def test_a_step_distinguishes_not_known_from_not_applicable():
    """A step that counts nothing says nothing of quantities; one that nobody counted says that it is unknown."""
    story = '{% include "registry/story.html" with steps=life %}'
    day = date(2020, 2, 3)
    assert "unknown" not in written(story, life=[{"what": "Need confirmed", "when": day, "counted": False}])
    assert "quantity unknown" in written(
        story, life=[{"what": "Received", "when": day, "counted": True, "quantity": None}]
    )


def test_a_moment_can_be_read_by_programs():
    """The machine's time is the same moment with its offset."""
    page = written('{% moment when "Asia/Shanghai" %}', when=datetime(2020, 2, 3, 6, 5, tzinfo=UTC))
    assert 'datetime="2020-02-03T14:05:00+08:00"' in page


class Form(forms.Form):
    item = forms.CharField(label="Item", help_text="As on the label.")
    stock = forms.ChoiceField(label="Stock", choices=[("a", "A")], widget=forms.RadioSelect)


def test_a_problem_is_tied_to_its_field():
    """The summary links to the field, and the input names its hint and its problem."""
    page = written("{% problems form %}{% fields form %}", form=Form({}))
    assert '<a href="#id_item">Item: This field is required.</a>' in page
    assert 'href="#id_stock_0"' in page
    assert 'id="id_stock_0"' in page
    assert 'aria-describedby="id_item_helptext id_item_error"' in page
    assert 'id="id_item_error"' in page


def test_a_form_without_problems_has_no_summary():
    """Nothing is announced when nothing is wrong."""
    assert written("{% problems form %}", form=Form()).strip() == ""


def test_the_chosen_day_keeps_what_else_was_asked():
    """Changing the day does not lose the search."""
    page = written(
        "{% as_of_bar day %}",
        day=date(2020, 2, 3),
        request=RequestFactory().get("/needs?q=N95&q=suit&as_of=2020-02-03"),
    )
    assert page.count('type="hidden" name="q"') == 2
    assert 'type="hidden" name="as_of"' not in page
    assert "/needs?q=N95&amp;q=suit" in page


def test_every_component_is_documented():
    """The page of calls cannot fall behind the components."""
    calls = (settings.ROOT / "docs" / "design.md").read_text()
    assert [name for name in face.register.tags if f"{{% {name} " not in calls] == []
    assert [name for name in face.register.filters if f"|{name} " not in calls] == []
