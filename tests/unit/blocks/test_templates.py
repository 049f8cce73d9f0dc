"""Templates: what they do, and that none can run away, break out or hold up the machine."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from autograph.blocks.sdk.template_budget import MAX_STEPS, MAX_WORK
from autograph.blocks.sdk.templates import MAX_OUTPUT, TemplateFault, render

DOUBLINGS = 60


class TestRender:
    @pytest.mark.parametrize(
        ("source", "values", "text"),
        [
            ("no places", {}, "no places"),
            ("a line\n", {}, "a line"),
            ("Dear {{ name }}.", {"name": "Ada"}, "Dear Ada."),
            ("{{ missing }}|", {}, "|"),
            ("{{ a.b.c }} {{ a['b'].c }}", {"a": {"b": {"c": 1}}}, "1 1"),
            ("{% for x in xs %}{{ loop.index }}{{ x }} {% endfor %}", {"xs": ["a", "b"]}, "1a 2b "),
            ("{% if n > 1 %}many{% else %}few{% endif %}", {"n": 2}, "many"),
            (
                "{{ 'b' in 'abc' }} {{ 2 in xs }} {{ xs == [1, 2] }}",
                {"xs": [1, 2]},
                "True True True",
            ),
            ("{{ a ~ '-' ~ 1 ~ none }}", {"a": "x"}, "x-1None"),
            ("{% set a %}<{{ b }}>{% endset %}{{ a }}{{ a }}", {"b": 1}, "<1><1>"),
            ("{% macro m(x=[1]) %}[{{ x }}]{% endmacro %}{{ m() }}{{ m(2) }}", {}, "[[1]][2]"),
            ("{% filter upper %}a{{ b }}{% endfilter %}", {"b": "b"}, "AB"),
            ("{{ xs|join(', ') }} {{ xs|sort|first }} {{ xs|sum }}", {"xs": [2, 1]}, "2, 1 1 3"),
            ("{{ ', '.join(xs) }}", {"xs": ["a", "b"]}, "a, b"),
            ("{{ x|format('%.2f') }} {{ '%s-%s'|format(1, 2) }}", {"x": 3.14159}, "3.14 1-2"),
            ("{{ '{:>3}|{}'.format('a', b) }}", {"b": 1}, "  a|1"),
            (
                "{{ range(3)|list }} {{ range(1, 9)|batch(4)|map('sum')|list }}",
                {},
                "[0, 1, 2] [10, 26]",
            ),
            ("{{ 'aXbX'.replace('X', '-') }} {{ 'aa'|replace('a', 'b') }}", {}, "a-b- bb"),
            ("{{ 'a\nb'|indent(2) }} {{ 'x'|center(3) }}|", {}, "a\n  b  x |"),
            ("{{ [1, 2, 3][1:] }} {{ 'abc'[::-1] }}", {}, "[2, 3] cba"),
            ("{{ {'a': 1} }}", {}, "{'a': 1}"),
            ("{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", {"d": {"a": 1}}, "a=1;"),
        ],
    )
    def test_fills_in(self, source: str, values: dict[str, Any], text: str) -> None:
        assert render(source, values) == text

    def test_makes_values_safe_to_stand_in_html(self) -> None:
        text = render("<b>{{ x }}</b>{{ x ~ '&' }}", {"x": "<i>"}, escape_html=True)

        assert text == "<b>&lt;i&gt;</b>&lt;i&gt;&amp;"

    def test_takes_large_values_when_it_uses_little_of_them(self) -> None:
        values = {"text": "word " * 500_000, "rows": [{"id": one} for one in range(50_000)]}

        assert render("{{ text[:4] }} {{ rows|length }} {{ rows[7].id }}", values) == "word 50000 7"

    def test_a_long_report_is_within_the_limits(self) -> None:
        rows = [{"name": f"name {one}", "tags": ["a", "b"]} for one in range(5_000)]
        source = "{% for r in rows %}{{ loop.index }}/{{ rows|length }} {{ r.name }} {{ r.tags|join(',') }}\n{% endfor %}"

        assert render(source, {"rows": rows}).count("\n") == 5_000


class TestPlainJinja:
    """Paying for what is done changes nothing of what is done."""

    @pytest.mark.parametrize(
        "source",
        [
            "{% set a, b = 1, (2, 3) %}{{ a }}{{ b[1] }}",
            "{% for a, b in [(1, 2), [3, 4]] if a < 3 %}{{ a + b }}{% else %}none{% endfor %}",
            "{% for x in [] %}{% else %}none{% endfor %}",
            "{% for x in xs %}{{ loop.cycle('a', 'b') }}{{ loop.last }}{{ loop.previtem }};{% endfor %}",
            "{% for x in tree recursive %}{{ x.n }}({{ loop(x.kids) }}){% endfor %}",
            "{{ 'y' if 1 < n < 5 and not missing else 'n' }}",
            "{{ n is in [1, 3] }} {{ n is divisibleby 3 }} {{ s is upper }} {{ missing is defined }}",
            "{{ xs|select('equalto', 1)|list }} {{ xs|reject('odd')|list }}",
            "{{ rows|groupby('k')|map('first')|join('-') }} {{ rows|map(attribute='v')|sum }}",
            "{{ rows|sort(attribute='v', reverse=true)|map(attribute='v')|list }}",
            "{{ rows|selectattr('k', 'eq', 'a')|map(attribute='v')|max }} {{ xs|unique|list }}",
            "{{ d|dictsort }} {{ d|items|list }} {{ d.get('z', 9) }} {{ d.keys()|list }}",
            "{{ s|truncate(5) }} {{ s|wordcount }} {{ s|title }} {{ s|reverse }} {{ s|length }} {{ 1234567|center(9) }}",
            "{{ s|wordwrap(4) }} {{ s|center(20) }}| {{ s|indent(width=2, first=true) }}",
            "{{ s.split(' ')[1:]|join('+') }} {{ s.upper().find('W') }} {{ s.replace('o', '0', 1) }}",
            "{{ s|replace('o', '0') }} {{ s|urlencode }} {{ '<b>'|striptags }} {{ '<'|e }}",
            "{{ '%.1f %s' % (2.55, s) }} {{ '%(a)s' % {'a': 1} }} {{ '{a}-{0:03d}'.format(7, a=s) }}",
            "{{ 7 // 2 }} {{ 7 % 4 }} {{ 2 ** 8 }} {{ -n }} {{ 1.5 * 2 }} {{ [1] + [2] }} {{ 'a' * 3 }}",
            "{{ 3.14159|round(2) }} {{ 1234567|filesizeformat }} {{ '5'|int + 1 }} {{ 'ff'|int(base=16) }} {{ 'x'|int(7) }} {{ 'x'|float(0.5) }}",
            "{{ xs|batch(2, 0)|list }} {{ xs|slice(2)|list }} {{ xs|first }} {{ xs|last }} {{ xs[-1:] }}",
            "{{ (255).bit_length() }} {{ (1.5).is_integer() }} {{ (1.5).hex() }}",
            "{{ missing|default('d') }} {{ ''|default('d', true) }} {{ missing }}",
            "{% macro m(a, b=[a]) %}{{ a }}{{ b }}{{ caller() if caller }}{{ varargs }}{% endmacro %}"
            "{{ m(1, 2, 3) }}{% call m(1) %}body{% endcall %}",
            "{% block one %}{% set x %}in{% endset %}{{ x }}{% endblock %}{{ self.one() }}",
            "{% filter upper|replace('A', 'b') %}a{{ n }}{% endfilter %}",
            "{% with y = n * 2 %}{{ y }}{% endwith %}{% raw %}{{ y }}{% endraw %}{# no #}",
            "{{ [1, 'a', {'k': (1, 2)}] }} {{ (1,) }} {{ () }} {{ {} }} {{ [] }}",
            "{{ 1 == 1.0 }} {{ [1] == [1] }} {{ 'b' > 'a' }} {{ none == missing }} {{ n ~ s ~ xs }}",
        ],
    )
    def test_does_what_it_did(self, source: str) -> None:
        values: dict[str, Any] = {
            "n": 3,
            "s": "two words",
            "xs": [3, 1, 2, 1],
            "d": {"b": 2, "a": 1},
            "rows": [{"k": "a", "v": 1}, {"k": "b", "v": 2}, {"k": "a", "v": 3}],
            "tree": [{"n": 1, "kids": [{"n": 2, "kids": []}]}, {"n": 3, "kids": []}],
        }
        plain = ImmutableSandboxedEnvironment().from_string(source).render(values)

        assert render(source, values) == plain


class TestBreakingOut:
    @pytest.mark.parametrize(
        "source",
        [
            "{{ x.__class__ }}",
            "{{ x['__class__'] }}",
            "{{ x|attr('__class__') }}",
            "{{ '{0.__class__}'.format(x) }}",
            "{{ xs|map(attribute='__class__')|join }}",
            "{{ range.__globals__ }}",
            "{{ self.__init__ }}",
            "{{ cycler }}{{ lipsum }}{{ namespace }}{{ joiner }}{{ dict }}",
        ],
    )
    def test_sees_nothing_of_what_is_behind_a_value(self, source: str) -> None:
        assert render(source, {"x": 1, "xs": [1]}) == ""

    @pytest.mark.parametrize(
        "source",
        [
            "{% import 'os' as os %}",
            "{% include '/etc/passwd' %}",
            "{% extends 'x' %}",
            "{{ ''.__class__() }}",
            "{{ ''.__class__.__mro__ }}",
            "{{ xs.append(2) }}",
            "{{ d.update({'a': 2}) }}",
            "{{ d|tojson }}",
            "{{ d|pprint }}",
            "{{ 'a'.encode() }}",
            "{{ 'a'.translate({97: 'b'}) }}",
            "{{ x|autograph step }}",
            "{{ missing() }}",
            "{{ 5|items|list }}",
            "{{ 'a'|dictsort }}",
            "{{ 1 // 0 }}",
            "{% if %}",
        ],
    )
    def test_fails_where_it_asks_for_what_it_cannot_have(self, source: str) -> None:
        values = {"x": 1, "xs": [1], "d": {"a": 1}}

        with pytest.raises(TemplateFault, match=r"\w+"):
            render(source, values)
        assert values == {"x": 1, "xs": [1], "d": {"a": 1}}


@pytest.mark.timeout(20)
class TestRunningAway:
    @pytest.mark.parametrize(
        "source",
        [
            pytest.param(source, id=name)
            for name, source in {
                "tilde": "{% set a = 'x' %}" + "{% set a = a ~ a %}" * DOUBLINGS,
                "plus": "{% set a = 'x' %}" + "{% set a = a + a %}" * DOUBLINGS,
                "list plus": "{% set a = [1] %}" + "{% set a = a + a %}" * DOUBLINGS,
                "list of itself": "{% set a = 'x' %}" + "{% set a = [a, a] %}" * DOUBLINGS,
                "dictionary of itself": "{% set a = 1 %}"
                + "{% set a = {1: a, 2: a} %}" * DOUBLINGS,
                "captured": "{% set a %}x{% endset %}"
                + "{% set a %}{{ a }}{{ a }}{% endset %}" * DOUBLINGS,
                "captured text": "{% set a %}{% for i in range(9999) %}"
                + "x" * 1000
                + "{% endfor %}{% endset %}",
                "times": "{{ 'x' * 10**9 }}",
                "list times": "{{ [1] * 10**9 }}",
                "join": "{% set a = 'x' * 1000000 %}{{ ([a] * 100000)|join|length }}",
                "join method": "{% set a = 'x' * 1000000 %}{{ a.join(range(9999)|map('string')) }}",
                "replace": "{% set a = 'x' * 1000000 %}{{ a|replace('x', a) }}",
                "replace method": "{% set a = 'x' * 1000000 %}{{ a.replace('x', a) }}",
                "written list": "{% set a = 'x' * 1000000 %}{% set b = [a] * 1000000 %}{{ b }}",
                "format argument": "{% set a = 'x' * 100000 %}{{ '%s' * 1000 % ((a,) * 1000) }}",
                "format method": "{% set a = 'x' * 100000 %}{{ ('{0}' * 1000).format(a) }}",
                "indent": "{{ ('\n' * 1000000)|indent(10000) }}",
                "wordwrap": "{{ ('a ' * 500000)|wordwrap(1, true, 'x' * 1000) }}",
                "many filters": "{% for i in range(9999) %}{{ range(9999)|list|sort|length }}{% endfor %}",
                "many maps": "{% for i in range(9999) %}{{ range(9999)|map('string')|join|length }}{% endfor %}",
                "many counts": "{% set a = 'x' * 1000000 %}{% for i in range(9999) %}{{ a.count('xx') }}{% endfor %}",
                "many comparisons": "{% set a = [1] * 100000 %}{% for i in range(9999) %}{{ 2 in a }}{% endfor %}",
                "many slices": "{% set a = [1] * 100000 %}{% for i in range(9999) %}{% set b = a[1:] %}{% endfor %}",
            }.items()
        ],
    )
    def test_pays_before_it_handles_too_much(self, source: str) -> None:
        with pytest.raises(TemplateFault, match=f"it handles more than {MAX_WORK}"):
            render(source, {})

    @pytest.mark.parametrize(
        "source",
        [
            "{% for i in range(10000) %}" * 3 + "{% endfor %}" * 3,
            "{% macro m() %}{% for i in range(999) %}{{ caller() }}{% endfor %}{% endmacro %}"
            + "{% call m() %}" * 3
            + "{% endcall %}" * 3,
            "".join(
                f"{{% block b{one} %}}{{{{ self.b{one + 1}() }}}}{{{{ self.b{one + 1}() }}}}{{% endblock %}}"
                for one in range(30)
            )
            + "{% block b30 %}{% endblock %}",
        ],
    )
    def test_goes_round_so_many_times_and_no_more(self, source: str) -> None:
        with pytest.raises(TemplateFault, match=f"it goes round more than {MAX_STEPS} times"):
            render(source, {})

    @pytest.mark.parametrize(
        ("source", "why"),
        [
            ("{% for i in range(10000) %}" + "x" * 200 + "{% endfor %}", f"more than {MAX_OUTPUT}"),
            ("{{ range(10001)|list }}", "more than 10000 numbers"),
            ("{{ 9 ** 9999 }}", "raises a number too high"),
            ("{% set a = 9 ** 999 %}{{ a * a * a }}", "makes a number too large"),
            ("{{ (1).to_bytes(10**10) }}", "calls to_bytes"),
            ("{{ (1).from_bytes([255] * 1000000) }}", "calls from_bytes"),
            ("{{ {}.fromkeys(range(9)) }}", "calls fromkeys"),
            ("{{ ('f' * 1000000)|int(0, 16) // 3 }}", "reckons with a number too large"),
            ("{{ -(('f' * 1000000)|int(0, 16)) }}", "reckons with a number too large"),
            ("{{ 7 % ('f' * 1000000)|int(0, 16) }}", "reckons with a number too large"),
            ("{{ ('f' * 9999)|int(0, 16) is divisibleby 3 }}", "reckons with a number too large"),
            ("{{ '%099999d' % 1 }}", "width"),
            ("{{ '%*d' % (999999999, 1) }}", "width"),
            ("{{ '{:>99999}'.format(1) }}", "width"),
            ("{{ '{:{}}'.format(1, 999999999) }}", "width"),
            ("{{ 'a'|center(99999) }}", "center for more than 10000"),
            ("{{ range(9)|batch(999999, 'x')|list }}", "batch for more than 10000"),
            ("{{ range(9)|batch(linecount=999999, fill_with='x')|list }}", "batch"),
            ("{{ range(9)|slice(999999)|list }}", "slice for more than 10000"),
            ("{{ 1.5|round(99999999) }}", "rounds to more than 100"),
            ("{{ [[1]] * 9 | sum(start=[]) }}", "sums something other than numbers"),
            ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "calls itself too deeply"),
            ("{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}", "too deeply"),
            ("{% for i in [1] %}" * 30 + "{% endfor %}" * 30, "nested too deeply"),
            ("{% set a = 1 %}" * 10_000, "more than 20000 parts"),
            ("{{" + " " * 300_000 + "}}", "longer than 262144"),
        ],
    )
    def test_says_what_it_wants_too_much_of(self, source: str, why: str) -> None:
        with pytest.raises(TemplateFault, match=why):
            render(source, {})

    def test_cannot_replace_what_counts_its_steps(self) -> None:
        source = (
            "{% set environment = 1 %}{% set t_1 = 2 %}{% set context = 3 %}"
            + "{% for i in range(10000) %}" * 2
            + "{% endfor %}" * 2
        )

        with pytest.raises(TemplateFault, match="goes round"):
            render(source, {"environment": {}, "context": {}})

    def test_every_rendering_begins_with_a_full_budget(self) -> None:
        source = "{% for i in range(9000) %}{{ i }}{% endfor %}"

        assert len({render(source, {}) for _ in range(30)}) == 1
