{#- None of these columns is ever NULL: one test for all of a table's, because each test costs at every parse.

    Example: `- never_null: {arguments: {columns: [analysis_date, team_abbr]}}` fails with one row per column
    that has NULLs and how many.

    Why it matters: NULL means unknown here, and these are columns whose value is always known; a NULL is a
    join that missed.

    How to fix: find the join or the input the column comes from, and why it has nothing for those rows; then
    build the window again. -#}
{% test never_null(model, columns) %}

{%- for column in columns %}
select
    '{{ column }}' as column_name,
    count(*) as null_rows
from {{ model }}
where {{ column }} is null
having count(*) > 0
{{ 'union all' if not loop.last }}
{%- endfor %}

{% endtest %}
