with

player_games as (

    select
        player_lookup,
        universal_player_id,
        player_full_name,
        game_date
    from {{ source('nba_external', 'player_game_summary') }}
    where {{ any_date('game_date') }}

),

upcoming as (

    select
        player_lookup,
        universal_player_id,
        cast(null as string) as player_full_name,
        game_date
    from {{ source('nba_external', 'upcoming_player_game_context') }}
    where {{ any_date('game_date') }}

),

together as (

    select * from player_games
    union all
    select * from upcoming

),

names as (

    select
        player_lookup,
        universal_player_id as printed_id,
        -- one of several spellings, independent of the order of the rows
        max(player_full_name) as player_full_name,
        max(game_date) as newest_game_date
    from together
    group by player_lookup, universal_player_id

),

-- A row without an id belongs to the only player with this name. If there are several, it stays
-- ambiguous.
final as (

    select
        player_lookup,
        printed_id,
        coalesce(
            printed_id,
            case
                when
                    min(printed_id) over (partition by player_lookup)
                    = max(printed_id) over (partition by player_lookup)
                    then min(printed_id) over (partition by player_lookup)
            end,
            player_lookup
        ) as universal_player_id,
        player_full_name,
        newest_game_date
    from names

)

select * from final
