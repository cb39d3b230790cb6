{#- What BigQuery's jobs are labelled with, as JSON: who pays for what is then a query (docs/bigquery.md). dbt
    adds its invocation id and puts values into the form that labels take. dbt calls this whenever it turns to
    another node, so the window is that of the run, whatever was parsed when. -#}
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
