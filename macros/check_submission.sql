{#- on-run-start: stops the run, and names the next step, if a Python model could not be submitted. dbt itself would
    notice only after it had built everything upstream. -#}
{% macro check_submission() -%}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- set needs = submission_needs() -%}
        {%- for id in selected_resources if needs and graph.nodes.get(id, {}).get('language') == 'python' -%}
            {%- set node = graph.nodes[id] -%}
            {%- set method = node.config.submission_method -%}
            {%- if method not in needs -%}
                {{ exceptions.raise_compiler_error(
                    "NBA_SUBMISSION_METHOD is '" ~ method ~ "', which cannot run " ~ node.name ~ ": set it to one of "
                    ~ needs | join(', ')
                ) }}
            {%- endif -%}
            {%- for variable, value in needs[method].items() if not value -%}
                {{ exceptions.raise_compiler_error(
                    node.name ~ " is to be run by " ~ method ~ ", which needs " ~ variable ~ ": set it "
                    ~ "(docs/bigquery.md)"
                ) }}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
