{#- Data tests look at the window of the run, as models do: Phase 4 at what it writes, Phase 3 at what it may read.
    A macro cannot be called in a test's `config.where` and a var there would be frozen, so the config says
    `__window(analysis_date)__` or `__history(game_date)__`, and dbt's own hook for `where` turns it into the
    predicate when the test runs. -#}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {%- if not where %}{{ return(relation) }}{% endif -%}
    {%- set named = modules.re.match('^__(window|history)\\((\\w+)\\)__$', where) -%}
    {%- set where = context['in_' ~ named.group(1)](named.group(2)) if named else where -%}
    {{ return('(select * from ' ~ relation ~ ' where ' ~ where ~ ') as dbt_subquery') }}
{%- endmacro %}
