-- cache_date is the renamed analysis_date, by which the table is partitioned: so BigQuery
-- prunes by it.

{%- set own = ['player_lookup', 'universal_player_id', 'analysis_date', 'cache_date', 'built_at'] %}

with

{{ our_mark() }} as (

    select * from {{ stored_or_empty(ref('player_daily_cache')) }}

),

final as (

    select
        player_lookup,
        universal_player_id,
        analysis_date as cache_date,

        {%- for name in columns_besides('player_daily_cache', own) %}
        {{ name }},
        {%- endfor %}

        built_at

    from {{ our_mark() }}

)

select * from final
