{#- A number lies within its range, bounds included. NULL passes.

    Example: `- within_range: {arguments: {min_value: 0, max_value: 100}}` on fatigue_score fails with every row at -5
    or 105.

    Why it matters: a value outside its range comes from a missing clamp, a fraction stored as a percent, or an
    integer division, and a model takes it for a strong signal.

    How to fix: compare the unit in the column's description with the SQL (`*_rate*` is 0-100, `*_pct*` is 0-1); if
    the value is right, correct the range here and in the description. -#}
{% test within_range(model, column_name, min_value=none, max_value=none) %}

{%- if min_value is none and max_value is none -%}
    {{ exceptions.raise_compiler_error("within_range on " ~ column_name ~ " needs min_value, max_value or both") }}
{%- endif %}

select *
from {{ model }}
where
    {%- if min_value is not none %}
    {{ column_name }} < {{ min_value }}
    {%- endif %}
    {%- if min_value is not none and max_value is not none %}
    or
    {%- endif %}
    {%- if max_value is not none %}
    {{ column_name }} > {{ max_value }}
    {%- endif %}

{% endtest %}
