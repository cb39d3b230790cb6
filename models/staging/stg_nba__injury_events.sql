with

injury_events as (

    select * from {{ source('nba_raw', 'injury_events') }}

),

nba_teams as (

    select * from {{ ref('nba_teams') }}

),

final as (

    select distinct
        nba_teams.team_abbr,
        {{ fold_name('injury_events.player_name') }} as folded_name,

        case
            when injury_events.acquired is not null then 'available'
            when injury_events.notes like '%(DTD)%' then 'questionable'
            else 'out'
        end as player_status,

        injury_events.event_date,
        {{ season_year('injury_events.event_date') }} as season_year

    from injury_events
    left join nba_teams on injury_events.team_nickname = nba_teams.nickname

)

select * from final
