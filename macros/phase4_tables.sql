{#- The registry of the public tables is the var `phase4_tables` of dbt_project.yml; the keys of an entry are
    explained there. -#}

{#- All tables with receipts, in the order they are built: the feature tables, then their exclusions. -#}
{% macro phase4_tables() -%}{{ return(var('phase4_tables').keys() | list) }}{%- endmacro %}


{#- The feature tables: those with candidates. Exclusions are about these. -#}
{% macro feature_tables() -%}
    {%- set names = [] -%}
    {%- for name, table in var('phase4_tables').items() if table.candidates -%}{%- do names.append(name) -%}{%- endfor -%}
    {{ return(names) }}
{%- endmacro %}


{#- Who could have a row in a feature table: teams, players or participants. -#}
{% macro candidates_of(table) -%}{{ return(var('phase4_tables')[table].candidates) }}{%- endmacro %}


{#- How many games a candidate needs this season before it has rows in a table; 0 for no minimum. -#}
{% macro games_needed(table) -%}
    {{ return(var('phase4_tables')[table].get('games_needed', 0)) }}
{%- endmacro %}


{#- What a table is computed from: kinds of facts about earlier games, and about the date itself. -#}
{% macro facts_read(table) -%}{{ return(var('phase4_tables')[table].reads) }}{%- endmacro %}


{% macro facts_read_of_day(table) -%}{{ return(var('phase4_tables')[table].get('reads_of_day', [])) }}{%- endmacro %}
