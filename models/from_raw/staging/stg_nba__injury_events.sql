with

injury_events as (

    select * from {{ source('nba_raw', 'injury_events') }}

),

nba_teams as (

    select * from {{ ref('nba_teams') }}

),

player_aliases as (

    select * from {{ ref('player_aliases') }}

),

-- The league's spelling of a name that transactions print differently.
named as (

    select
        nba_teams.team_abbr,
        coalesce(player_aliases.player_name, injury_events.player_name) as player_name,
        nullif(trim(injury_events.acquired), '') as acquired,
        injury_events.notes,
        injury_events.event_date
    from injury_events
    left join nba_teams on injury_events.team_nickname = nba_teams.nickname
    left join player_aliases
        on
            {{ fold_name('injury_events.player_name') }}
            = {{ fold_name('player_aliases.printed_name') }}

),

final as (

    select distinct
        team_abbr,
        {{ fold_name('player_name') }} as folded_name,
        {{ name_stem('player_name') }} as name_stem,

        case
            when acquired is not null then 'available'
            when notes like '%(DTD)%' then 'questionable'
            else 'out'
        end as player_status,

        event_date

    from named

)

select * from final
