{%- set zones = ['paint', 'mid_range', 'three_pt'] %}

with

shots as (

    select * from {{ ref('stg_nba__shots') }}

),

final as (

    select
        game_id,
        player_id,

        {%- for zone in zones %}
        count(case when shot_zone = '{{ zone }}' and shot_made then 1 end) as {{ zone }}_makes,
        count(case when shot_zone = '{{ zone }}' then 1 end) as {{ zone }}_attempts,
        {%- endfor %}
        count(*) as attempts,

        game_date,
        season_year

    from shots
    group by game_id, player_id, game_date, season_year

)

select * from final
