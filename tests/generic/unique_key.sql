{#- No two rows share a key (contract R9).

    Example: `- unique_key: {arguments: {columns: [analysis_date, player_lookup]}}` fails with one row per
    key that repeats and how often it does.

    Why it matters: a repeated key is a join that multiplied, and everything trained or summed on the table
    counts that player twice.

    How to fix: look for an input with two rows for the key (a raw row loaded twice belongs collapsed at
    staging), or for a join that misses a part of the key; then build the window again. -#}
{% test unique_key(model, columns) %}

select
    {{ columns | join(',\n    ') }},
    count(*) as repeats
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
