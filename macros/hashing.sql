{#- Fingerprints of rows, the same on both engines. A row is hashed as the canonical text of its columns. A set of
    rows is the sum of their hashes: order and parallelism do not matter, and a lost or repeated row changes
    the sum. -#}

{#- A row's hash (60 bits, int64). `columns` are SQL expressions; a double or an array comes as a pair of the
    expression and its data type. -#}
{% macro row_hash(columns) -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- if column is string -%}
            {%- do texts.append("coalesce(cast(" ~ column ~ " as string), '~')") -%}
        {%- else -%}
            {%- do texts.append(canonical_text(column[0], column[1])) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ hash_of_text("concat(" ~ texts | join(", '|', ") ~ ")") }}
{%- endmacro %}


{#- A value as text, the same on both engines; '~' when NULL. Doubles are rounded to 9 decimals: beyond lies the noise
    of parallel sums, and the engines print doubles differently. -#}
{% macro canonical_text(expression, data_type) -%}
    {%- set type = data_type | lower -%}
    {%- if type in ['double', 'float64'] -%}
        coalesce({{ nine_decimals(expression) }}, '~')
    {%- elif type in ['double[]', 'array<float64>'] -%}
        coalesce({{ nine_decimals_each(expression) }}, '~')
    {%- elif type in ['varchar[]', 'array<string>'] -%}
        coalesce(array_to_string({{ expression }}, ','), '~')
    {%- else -%}
        coalesce(cast({{ expression }} as string), '~')
    {%- endif -%}
{%- endmacro %}


{#- The sum of the hashes of a table's rows, without stamps and without columns that only repeat others. Print it with
    hash_of_sums. `columns` are those of the model's contract. -#}
{% macro sum_of_content(columns) -%}
    {%- set content = [] -%}
    {%- for column in columns.values()
        if column.name not in var('stamp_columns') and not column.meta.get('repeats_other_columns') -%}
        {%- do content.append((column.name, column.data_type)) -%}
    {%- endfor -%}
    {{ sum_of_hashes(row_hash(content)) }}
{%- endmacro %}


{#- The sum of row hashes; print it with hash_of_sums. -#}
{% macro sum_of_hashes(hash) -%}{{ return(adapter.dispatch('sum_of_hashes')(hash)) }}{%- endmacro %}
{% macro duckdb__sum_of_hashes(hash) -%}sum({{ hash }}){%- endmacro %}
{% macro bigquery__sum_of_hashes(hash) -%}sum(cast({{ hash }} as numeric)){%- endmacro %}


{#- Sums of hashes (and other expressions) as one text of 16 hex digits. NULL, the sum of no rows, counts as 0. -#}
{% macro hash_of_sums(expressions) -%}
    {%- set texts = [] -%}
    {%- for expression in expressions -%}
        {%- do texts.append("coalesce(cast(" ~ expression ~ " as string), '0')") -%}
    {%- endfor -%}
    substr({{ hex_md5("concat(" ~ texts | join(", '|', ") ~ ")") }}, 1, 16)
{%- endmacro %}


{% macro hash_of_text(text) -%}
    cast(concat('0x', substr({{ hex_md5(text) }}, 1, 15)) as int64)
{%- endmacro %}


{% macro hex_md5(text) -%}{{ return(adapter.dispatch('hex_md5')(text)) }}{%- endmacro %}
{% macro duckdb__hex_md5(text) -%}md5({{ text }}){%- endmacro %}
{% macro bigquery__hex_md5(text) -%}to_hex(md5({{ text }})){%- endmacro %}


{% macro nine_decimals(x) -%}{{ return(adapter.dispatch('nine_decimals')(x)) }}{%- endmacro %}
{% macro duckdb__nine_decimals(x) -%}cast(try_cast(round({{ x }} * 1e9) as int64) as string){%- endmacro %}
{% macro bigquery__nine_decimals(x) -%}cast(safe_cast(round({{ x }} * 1e9) as int64) as string){%- endmacro %}


{% macro nine_decimals_each(xs) -%}{{ return(adapter.dispatch('nine_decimals_each')(xs)) }}{%- endmacro %}
{% macro duckdb__nine_decimals_each(xs) -%}
    array_to_string(list_transform({{ xs }}, lambda x: try_cast(round(x * 1e9) as int64)), ',')
{%- endmacro %}
{% macro bigquery__nine_decimals_each(xs) -%}
    array_to_string(array(select {{ bigquery__nine_decimals('x') }} from unnest({{ xs }}) as x with offset as i order by i), ',')
{%- endmacro %}
