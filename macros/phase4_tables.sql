{#- The registry of the public tables: the var `phase4_tables` of dbt_project.yml, which says what each entry means. -#}

{#- Everything that has receipts, in the order it is made: the feature tables and their exclusions. -#}
{% macro phase4_tables() -%}{{ return(var('phase4_tables').keys() | list) }}{%- endmacro %}


{#- The feature tables: those that somebody could have a row in. The exclusions are about them. -#}
{% macro feature_tables() -%}
    {%- set names = [] -%}
    {%- for name, table in var('phase4_tables').items() if table.candidates -%}{%- do names.append(name) -%}{%- endfor -%}
    {{ return(names) }}
{%- endmacro %}


{#- Who could have a row in a feature table: teams, players or participants. -#}
{% macro candidates_of(table) -%}{{ return(var('phase4_tables')[table].candidates) }}{%- endmacro %}


{#- Games this season before a candidate has rows in a table; 0: no minimum. -#}
{% macro games_needed(table) -%}
    {{ return(var('phase4_tables')[table].get('games_needed', 0)) }}
{%- endmacro %}


{#- What a table is computed from: kinds of facts of earlier games, and of the date itself. -#}
{% macro facts_read(table) -%}{{ return(var('phase4_tables')[table].reads) }}{%- endmacro %}


{% macro facts_read_of_day(table) -%}{{ return(var('phase4_tables')[table].get('reads_of_day', [])) }}{%- endmacro %}
