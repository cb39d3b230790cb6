{#- Columns that are parts of a whole add up to it; they are either all known or all NULL.

    Example: `- sums_to: {arguments: {columns: [paint_rate_last_10, mid_range_rate_last_10, three_pt_rate_last_10],
    total: 100}}` fails for rates 45 / 20 / 30, and for 45 / NULL / 35.

    Why it matters: shares that do not add up were counted over different shots; if only some are NULL, the others
    treat an unknown as 0 (contract R8).

    How to fix: give all parts the same filter, the same denominator, and the same condition for when they are known.
    -#}
{% test sums_to(model, columns, total, tolerance=1e-6) %}

with

parts as (

    select
        *,
        {{ columns | join(' + ') }} as sum_of_parts,
        {% for column in columns -%}
        case when {{ column }} is null then 0 else 1 end{{ ' + ' if not loop.last }}
        {%- endfor %} as known_parts
    from {{ model }}

)

select *
from parts
where
    abs(sum_of_parts - {{ total }}) > {{ tolerance }}
    or known_parts between 1 and {{ columns | length - 1 }}

{% endtest %}
