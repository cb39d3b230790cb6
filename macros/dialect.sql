{#- Everything that differs between DuckDB's SQL and BigQuery's, except how rows are replaced (replace_window.sql).
    The models themselves run on both. -#}

{#- 64-bit float: dbt's type_float is 32 bits wide on DuckDB. -#}
{% macro type_double() -%}{{ return(adapter.dispatch('type_double')()) }}{%- endmacro %}
{% macro duckdb__type_double() -%}double{%- endmacro %}
{% macro bigquery__type_double() -%}float64{%- endmacro %}


{#- A double as a fixed-point number with 18 decimals, for sums and means. The sum of doubles depends on the order in
    which the engine adds them, and that changes with the window, the threads and the other rows; the sum of
    fixed-point numbers does not. Cast the result back with type_double. -#}
{% macro summable(x) -%}{{ return(adapter.dispatch('summable')(x)) }}{%- endmacro %}
{% macro duckdb__summable(x) -%}cast({{ x }} as decimal(38, 18)){%- endmacro %}
{% macro bigquery__summable(x) -%}round(cast({{ x }} as bignumeric), 18){%- endmacro %}


{#- The date `days` after another; `days` may be negative. -#}
{% macro add_days(date, days) -%}{{ return(adapter.dispatch('add_days')(date, days)) }}{%- endmacro %}
{% macro duckdb__add_days(date, days) -%}({{ date }} + {{ days }}){%- endmacro %}
{% macro bigquery__add_days(date, days) -%}date_add({{ date }}, interval {{ days }} day){%- endmacro %}


{#- Days from `earlier` to `later`. -#}
{% macro days_between(earlier, later) -%}{{ return(adapter.dispatch('days_between')(earlier, later)) }}{%- endmacro %}
{% macro duckdb__days_between(earlier, later) -%}({{ later }} - {{ earlier }}){%- endmacro %}
{% macro bigquery__days_between(earlier, later) -%}date_diff({{ later }}, {{ earlier }}, day){%- endmacro %}


{#- The start year of a date's season, for where the schedule does not name the season (contract R2). -#}
{% macro season_year(date) -%}
    cast(
        extract(year from {{ date }}) - case when extract(month from {{ date }}) < 10 then 1 else 0 end as int64
    )
{%- endmacro %}


{#- 1 October of a season: earlier dates belong to the season before. -#}
{% macro season_start(season_year) -%}
    cast(concat(cast({{ season_year }} as string), '-10-01') as date)
{%- endmacro %}


{#- x clamped to [low, high]; NULL when x is. least() and greatest() skip NULLs on DuckDB, but not on BigQuery. -#}
{% macro clamp(x, low, high) -%}
    case when {{ x }} < {{ low }} then {{ low }} when {{ x }} > {{ high }} then {{ high }} else {{ x }} end
{%- endmacro %}


{#- numerator / denominator as a double; NULL when the denominator is 0 or either is unknown. -#}
{% macro ratio(numerator, denominator) -%}
    ({{ numerator }}) / nullif(cast({{ denominator }} as {{ type_double() }}), 0)
{%- endmacro %}


{#- A name in the form of player_lookup (contract R14): accents stripped, lower case, a-z and 0-9 only. Letters that
    accent stripping does not decompose are spelled out. -#}
{% macro fold_name(name) -%}
    regexp_replace(
        {{ strip_accents("replace(replace(translate(lower(" ~ name ~ "), 'øđðłħı', 'oddlhi'), 'ß', 'ss'), 'æ', 'ae')") }},
        '[^a-z0-9]', ''{{ adapter.dispatch('regexp_replace_all')() }}
    )
{%- endmacro %}
{#- The same without the name's suffix (Jr., Sr., II to V), which some sources print and others leave out. -#}
{% macro name_stem(name) -%}
    {{ fold_name("regexp_replace(lower(" ~ name ~ "), '[, ]+(jr|sr|ii|iii|iv|v)[.]?[ ]*$', '')") }}
{%- endmacro %}


{% macro duckdb__regexp_replace_all() -%}, 'g'{%- endmacro %}
{% macro bigquery__regexp_replace_all() -%}{%- endmacro %}
{% macro strip_accents(text) -%}{{ return(adapter.dispatch('strip_accents')(text)) }}{%- endmacro %}
{% macro duckdb__strip_accents(text) -%}strip_accents({{ text }}){%- endmacro %}
{% macro bigquery__strip_accents(text) -%}regexp_replace(normalize({{ text }}, nfd), r'\pM', ''){%- endmacro %}


{#- A JSON object as text: `json_text([('days_rest', 'days_rest'), ...])`, pairs of key and SQL expression. -#}
{% macro json_text(pairs) -%}{{ return(adapter.dispatch('json_text')(pairs)) }}{%- endmacro %}
{% macro duckdb__json_text(pairs) -%}
    cast(json_object({% for key, sql in pairs %}'{{ key }}', {{ sql }}{{ ', ' if not loop.last }}{% endfor %}) as string)
{%- endmacro %}
{% macro bigquery__json_text(pairs) -%}
    to_json_string(struct({% for key, sql in pairs %}{{ sql }} as {{ key }}{{ ', ' if not loop.last }}{% endfor %}))
{%- endmacro %}


{#- The element of an array at `index`, which starts at 0; NULL beyond the end. -#}
{% macro array_element(array, index) -%}{{ return(adapter.dispatch('array_element')(array, index)) }}{%- endmacro %}
{% macro duckdb__array_element(array, index) -%}{{ array }}[{{ index }} + 1]{%- endmacro %}
{% macro bigquery__array_element(array, index) -%}{{ array }}[safe_offset({{ index }})]{%- endmacro %}


{#- An array of those names whose boolean column (`prefix` and the name) is true, in the order given. -#}
{% macro array_of_those_that_hold(names, prefix) -%}
    {{ return(adapter.dispatch('array_of_those_that_hold')(names, prefix)) }}
{%- endmacro %}
{% macro duckdb__array_of_those_that_hold(names, prefix) -%}
    list_filter(
        [{% for name in names %}case when {{ prefix }}{{ name }} then '{{ name }}' end{{ ', ' if not loop.last }}{% endfor %}],
        lambda name: name is not null
    )
{%- endmacro %}
{% macro bigquery__array_of_those_that_hold(names, prefix) -%}
    array(
        select name from unnest([
            {% for name in names %}case when {{ prefix }}{{ name }} then '{{ name }}' end{{ ', ' if not loop.last }}{% endfor %}
        ]) as name with offset as place
        where name is not null
        order by place
    )
{%- endmacro %}


{#- The number of elements in an array. -#}
{% macro array_size(array) -%}{{ return(adapter.dispatch('array_size')(array)) }}{%- endmacro %}
{% macro duckdb__array_size(array) -%}len({{ array }}){%- endmacro %}
{% macro bigquery__array_size(array) -%}array_length({{ array }}){%- endmacro %}


{#- The ways to run a Python model, and the variables that each needs with their values, as a dict of dicts. Empty on
    DuckDB, where dbt's own process runs the model. -#}
{% macro submission_needs() -%}{{ return(adapter.dispatch('submission_needs')()) }}{%- endmacro %}
{% macro duckdb__submission_needs() -%}{{ return({}) }}{%- endmacro %}
{% macro bigquery__submission_needs() -%}
    {%- set needs = {'NBA_GCS_BUCKET': target.gcs_bucket, 'NBA_DATAPROC_REGION': target.compute_region} -%}
    {{ return({
        'serverless': needs,
        'cluster': dict(needs, NBA_DATAPROC_CLUSTER=target.dataproc_cluster_name),
        'bigframes': needs,
    }) }}
{%- endmacro %}


{#- Minutes from the scheduled start of a game, a date and a time of day in US Eastern ('19:30:00', or blank), to an
    instant in UTC; negative before it, NULL where either is unknown. -#}
{% macro minutes_after_start(instant, date, time_of_day) -%}
    {{ return(adapter.dispatch('minutes_after_start')(instant, date, time_of_day)) }}
{%- endmacro %}
{% macro duckdb__minutes_after_start(instant, date, time_of_day) -%}
    date_diff(
        'minute',
        timezone('UTC', timezone('America/New_York', {{ date }} + try_cast({{ time_of_day }} as time))),
        {{ instant }}
    )
{%- endmacro %}
{% macro bigquery__minutes_after_start(instant, date, time_of_day) -%}
    timestamp_diff(
        timestamp({{ instant }}),
        timestamp(datetime({{ date }}, safe_cast({{ time_of_day }} as time)), 'America/New_York'),
        minute
    )
{%- endmacro %}


{#- The names of the columns of tables that exist, as a dict of lists by `dataset.table`. -#}
{% macro columns_of(tables) -%}{{ return(adapter.dispatch('columns_of')(tables)) }}{%- endmacro %}
{#- One query for all. Not adapter.get_columns_in_relation: it begins a transaction, which dbt rolls back after its
    hooks, with what they wrote. -#}
{% macro duckdb__columns_of(tables) -%}
    {%- set found = {} -%}
    {%- for table in tables %}{% do found.update({table.schema ~ '.' ~ table.identifier: []}) %}{% endfor -%}
    {%- if tables -%}
        {%- for dataset, table, column in run_query(
            "select schema_name, table_name, column_name from duckdb_columns() where database_name = '"
            ~ tables[0].database ~ "' and schema_name in ('" ~ tables | map(attribute='schema') | unique | join("', '")
            ~ "') order by column_index"
        ).rows if dataset ~ '.' ~ table in found -%}
            {%- do found[dataset ~ '.' ~ table].append(column | lower) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
{#- The API says it for nothing, where a query on INFORMATION_SCHEMA bills 10 MB. -#}
{% macro bigquery__columns_of(tables) -%}
    {%- set found = {} -%}
    {%- for table in tables -%}
        {%- do found.update({table.schema ~ '.' ~ table.identifier:
            adapter.get_columns_in_relation(table) | map(attribute='name') | map('lower') | list}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}


{#- The query that a view stands for, as the database keeps it. -#}
{% macro view_definition(view) -%}{{ return(adapter.dispatch('view_definition')(view)) }}{%- endmacro %}
{% macro duckdb__view_definition(view) -%}
    {{ return(run_query(
        "select sql from duckdb_views() where database_name = '" ~ view.database ~ "' and schema_name = '" ~ view.schema
        ~ "' and view_name = '" ~ view.identifier ~ "'"
    ).rows[0][0]) }}
{%- endmacro %}
{% macro bigquery__view_definition(view) -%}{{ return(adapter.get_bq_table(view).view_query) }}{%- endmacro %}
