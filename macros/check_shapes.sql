{#- on-run-start: stops the run before it writes anything where a table of another system has the name of one of
    ours. Nothing here knows another system's tables: what does not look like any version of ours is not ours.
    (dbt itself would find a table of another shape only at its turn, when others and the receipts are written, would
    replace a seed's table without a look, and advises a full refresh, which drops history.) -#}
{% macro check_shapes() -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed') and flags.INTROSPECT -%}
        {%- set found = [] -%}
        {%- for place in _places_to_look_at() -%}
            {%- set table = adapter.get_relation(*place.where) -%}
            {%- if table %}{% do found.append({'table': table, 'place': place}) %}{% endif -%}
        {%- endfor -%}
        {%- set columns = columns_of(found | map(attribute='table') | selectattr('type', 'equalto', 'table') | list) -%}
        {%- set foreign = [] -%}
        {%- for entry in found -%}
            {%- set why = _why_not_ours(entry.table, entry.place, columns) -%}
            {%- if why -%}
                {%- set name = entry.table.schema ~ '.' ~ entry.table.identifier -%}
                {%- do foreign.append({'name': name, 'why': name ~ ' [' ~ entry.place.variable ~ '] ' ~ why}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if foreign %}{{ exceptions.raise_compiler_error(_what_to_do(foreign)) }}{% endif -%}
    {%- endif -%}
{%- endmacro %}


{#- What this project makes, other than its scratch tables: `where` (database, dataset, name), `kind`, our columns, and
    the variable that moves it elsewhere. -#}
{% macro _places_to_look_at() -%}
    {%- set places = [] -%}
    {%- for node in graph.nodes.values() if node.package_name == project_name -%}
        {%- set kind = none -%}
        {%- set variable = 'NBA_PRECOMPUTE_DATASET' -%}
        {%- if node.resource_type == 'seed' -%}
            {%- set kind = 'seed' -%}
            {%- set variable = 'NBA_REFERENCE_DATASET' -%}
        {%- elif node.resource_type == 'model' and flags.WHICH != 'seed' and node.config.access == 'public' -%}
            {%- set folder = node.fqn[-2] -%}
            {%- if folder == 'phase5' -%}
                {%- set kind = 'marked_view' -%}
                {%- set variable = 'NBA_PHASE5_DATASET' -%}
                {%- if node.name == 'ml_feature_store_v2' %}{% set variable = variable ~ ' or NBA_PHASE5_VIEW_NAME' %}{% endif -%}
            {%- elif node.config.materialized == 'view' -%}
                {%- set kind = 'view' -%}
                {%- if folder == 'preflight' %}{% set variable = 'NBA_INTERMEDIATE_DATASET' %}{% endif -%}
            {%- elif node.config.materialized == 'incremental' and folder == 'phase3' -%}
                {%- set kind = 'phase3' -%}
                {%- set variable = 'NBA_ANALYTICS_DATASET' -%}
            {%- elif node.config.materialized == 'incremental' -%}
                {%- set kind = 'phase4' -%}
            {%- endif -%}
        {%- endif -%}
        {%- if kind -%}
            {%- set columns = node.config.column_types if kind == 'seed' else node.columns -%}
            {%- do places.append({
                'where': [node.database, node.schema, node.alias], 'kind': kind, 'columns': columns.keys() | list,
                'variable': variable,
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if flags.WHICH != 'seed' -%}
        {%- for source in graph.sources.values() if source.source_name == 'nba_bookkeeping' -%}
            {%- do places.append({
                'where': [source.database, source.schema, source.identifier], 'kind': 'bookkeeping',
                'columns': source.columns.keys() | list, 'variable': 'NBA_PRECOMPUTE_DATASET',
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(places) }}
{%- endmacro %}


{#- What shows that a relation was made by somebody else; nothing where it may be an older version of ours, whose
    columns dbt compares later (`on_schema_change: fail`). -#}
{% macro _why_not_ours(table, place, columns) -%}
    {%- set is_to_be_a_view = place.kind in ['view', 'marked_view'] -%}
    {%- if is_to_be_a_view and table.type != 'view' or not is_to_be_a_view and table.type != 'table' -%}
        {{ return('is a ' ~ table.type | replace('_', ' ') ~ ', not a ' ~ ('view' if is_to_be_a_view else 'table')) }}
    {%- elif place.kind == 'marked_view' -%}
        {{ return(none if our_mark() in (view_definition(table) or '') else 'is a view that somebody else made') }}
    {%- elif place.kind == 'view' -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set there = columns[table.schema ~ '.' ~ table.identifier] -%}
    {%- set lacks = place.columns | reject('in', there) | list -%}
    {%- set has_more = there | reject('in', place.columns) | list -%}
    {#- Every version of a Phase 4 table has had these columns, and of the bookkeeping those. Phase 3 and the seeds have
        no such columns: of ours, an older version lacks some, and no version has had others. -#}
    {%- set marks = {
        'phase4': ['analysis_date', 'logic_version', 'built_at'], 'bookkeeping': ['table_name', 'analysis_date', 'run_id'],
    } -%}
    {%- if place.kind in marks -%}
        {%- set is_ours = not (marks[place.kind] | reject('in', there) | list) -%}
    {%- elif place.kind == 'seed' -%}
        {%- set is_ours = not has_more -%}
    {%- else -%}
        {%- set is_ours = not (lacks and has_more) -%}
    {%- endif -%}
    {%- if is_ours %}{{ return(none) }}{% endif -%}
    {%- set parts = [] -%}
    {%- if lacks %}{% do parts.append('lacks ' ~ _some(lacks)) %}{% endif -%}
    {%- if has_more %}{% do parts.append('has ' ~ _some(has_more) ~ ' besides') %}{% endif -%}
    {{ return(parts | join(', and ')) }}
{%- endmacro %}


{#- The first names of a list, and how many more there are. -#}
{% macro _some(names) -%}
    {{ return(names[:4] | join(', ') ~ (' and ' ~ (names | length - 4) ~ ' more' if names | length > 4 else '')) }}
{%- endmacro %}


{% macro _what_to_do(foreign) -%}
    {%- set one = foreign | length == 1 -%}
    {{ return(
        "another system's " ~ ("table is" if one else "tables are") ~ " in the way of this project's:\n  "
        ~ foreign | map(attribute='why') | sort | join('\n  ')
        ~ "\nNo table was written. Rename " ~ ("it" if one else "them") ~ " (such as to " ~ foreign[0].name.split('.')[1] ~ "_old), or "
        ~ "leave " ~ ("it" if one else "them") ~ " and give this project other names with the variable in brackets. Do "
        ~ "not drop " ~ ("it" if one else "them") ~ ": docs/cut-over.md goes step by step"
    ) }}
{%- endmacro %}
