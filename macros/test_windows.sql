{#- Data tests look at the window of the run, as models do. A macro cannot be called in a test's
    `config.where` and a var there would be frozen, so the config says `__window(analysis_date)__` and dbt's
    own hook for `where` turns it into the window's predicate when the test runs. -#}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {%- if not where %}{{ return(relation) }}{% endif -%}
    {%- set window = modules.re.match('^__window\\((\\w+)\\)__$', where) -%}
    {%- set where = in_window(window.group(1)) if window else where -%}
    {{ return('(select * from ' ~ relation ~ ' where ' ~ where ~ ') as dbt_subquery') }}
{%- endmacro %}
