{#- No two rows share a key (contract R9).

    Example: `- unique_key: {arguments: {columns: [analysis_date, player_lookup]}}` fails with one row per repeated
    key, and the number of its rows.

    Why it matters: a repeated key comes from a join that multiplied rows, and whoever trains on the table or sums
    over it counts that player twice.

    How to fix: look for an input with two rows for the key (staging should collapse a raw row that was loaded twice),
    or for a join that omits a part of the key; then build the window again. -#}
{% test unique_key(model, columns) %}

select
    {{ columns | join(',\n    ') }},
    count(*) as repeats
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
