{{ config(materialized='ephemeral') }}
with

sides as (

    select * from {{ ref('int_game_sides') }}

),

whole_games as (

    select * from {{ ref('int_whole_games') }}

),

sides_that_disagree as (

    select
        *,
        abs(two_pt_attempts_by_shots - two_pt_attempts) > {{ tolerated_share() }} * two_pt_attempts
        or abs(two_pt_makes_by_shots - two_pt_makes) > {{ tolerated_share() }} * two_pt_attempts
            as is_partial
    from sides
    where
        has_shots
        and (
            two_pt_attempts_by_shots != two_pt_attempts or two_pt_makes_by_shots != two_pt_makes
        )

),

findings as (

    select
        case when is_partial then 'partial_shots' else 'shots_disagree' end as check_name,
        1 as affected_rows,
        concat(
            'game ', game_id, ': twos of ', team_abbr, ' are ',
            cast(two_pt_makes_by_shots as string), ' of ',
            cast(two_pt_attempts_by_shots as string), ' by shots, ',
            cast(two_pt_makes as string), ' of ', cast(two_pt_attempts as string),
            ' by {{ input_table('player_box') }}'
        ) as example,
        game_date,
        season_year
    from sides_that_disagree

    union all

    select
        'no_shots' as check_name,
        1 as affected_rows,
        concat('game ', game_id, ': a box score and no shots') as example,
        game_date,
        season_year
    from whole_games
    where season_type = 'regular' and player_rows > 0 and not has_shots

),

final as (

    select
        check_name,
        affected_rows,
        example,
        cast(null as string) as subject,
        cast(null as boolean) as spoils_own_date,
        game_date,
        season_year
    from findings

)

select * from final
