{#- Data tests cover the window of the run, as models do: in Phase 4 the dates that the run writes, in Phase 3 those
    that it may read. A test's `config.where` cannot call a macro, and a var in it would be frozen. So the config says
    `__window(analysis_date)__` or `__history(game_date)__`, and dbt's own hook for `where` turns it into the
    predicate when the test runs. -#}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {%- if not where %}{{ return(relation) }}{% endif -%}
    {%- set named = modules.re.match('^__(window|history)\\((\\w+)\\)__$', where) -%}
    {%- set where = context['in_' ~ named.group(1)](named.group(2)) if named else where -%}
    {{ return('(select * from ' ~ relation ~ ' where ' ~ where ~ ') as dbt_subquery') }}
{%- endmacro %}
