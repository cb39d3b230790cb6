{#- None of these columns is ever NULL: one test for all of a table's, because each test costs at every parse,
    and one look at the table, because a view is computed at each look.

    Example: `- never_null: {arguments: {columns: [analysis_date, team_abbr]}}` fails with one row that says for
    each column how many of its values are NULL.

    Why it matters: NULL means unknown here, and these are columns whose value is always known; a NULL is a
    join that missed.

    How to fix: find the join or the input the column comes from, and why it has nothing for those rows; then
    build the window again. -#}
{% test never_null(model, columns) %}

with

counted as (

    select
        {%- for column in columns %}
        count(case when {{ column }} is null then 1 end) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ model }}

)

select * from counted
where {% for column in columns %}{{ column }} > 0{{ ' or ' if not loop.last }}{% endfor %}

{% endtest %}
