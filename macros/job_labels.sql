{#- Labels of BigQuery's jobs, as JSON, so that a query can tell what each table costs (docs/bigquery.md). dbt adds
    its invocation id and turns the values into valid labels. It calls this macro for every node while it runs, so the
    window is always that of the run, even if the parsed project is older. -#}
{% macro job_labels(node) -%}
    {%- if target.type == 'bigquery' -%}
        {%- set start, end = asked_window() -%}
        {{ tojson({
            'nba_run': var('run_id', env_var('NBA_RUN_ID', '')),
            'nba_table': node.name if node else '',
            'nba_window_start': (start or 'last-7-days') | string,
            'nba_window_end': (end or 'today') | string,
        }) }}
    {%- endif -%}
{%- endmacro %}
