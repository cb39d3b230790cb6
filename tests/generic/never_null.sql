{#- None of these columns is ever NULL. One test covers all columns of a table, because each test slows every parse;
    it reads the table once, because a view is computed at every read.

    Example: `- never_null: {arguments: {columns: [analysis_date, team_abbr]}}` fails with one row that holds the
    number of NULLs of each column.

    Why it matters: NULL means unknown, and the value of these columns is always known; a NULL shows a join that found
    no match.

    How to fix: find the join or input that the column comes from, and why it lacks these rows; then build the window
    again. -#}
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
