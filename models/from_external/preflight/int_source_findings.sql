{#- Their tables with a key; `values` are what staging reads of them. -#}
{%- set box_counts = [
    'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts', 'ft_makes', 'ft_attempts',
    'assists', 'turnovers', 'personal_fouls',
] %}
{%- set keyed_tables = {
    'player_game_summary': {
        'key': 'player_lookup',
        'team': 'team_abbr',
        'values': ['team_abbr', 'universal_player_id', 'minutes_played', 'points'] + box_counts + [
            'offensive_rebounds', 'defensive_rebounds', 'steals', 'blocks', 'plus_minus',
            'paint_makes', 'paint_attempts', 'mid_range_makes', 'mid_range_attempts',
            'assisted_fg_makes', 'unassisted_fg_makes',
        ],
        'spoils_own_date': 'true',
    },
    'team_offense_game_summary': {
        'key': 'team_abbr',
        'team': 'team_abbr',
        'values': ['points_scored'] + box_counts + ['rebounds', 'possessions', 'overtime_periods'],
        'spoils_own_date': 'false',
    },
    'team_defense_game_summary': {
        'key': 'defending_team_abbr',
        'team': 'defending_team_abbr',
        'values': [
            'points_allowed', 'opp_paint_makes', 'opp_paint_attempts', 'opp_mid_range_makes',
            'opp_mid_range_attempts', 'opp_three_pt_makes', 'opp_three_pt_attempts',
            'points_in_paint_allowed', 'blocks_paint', 'blocks_mid_range', 'blocks_three_pt',
        ],
        'spoils_own_date': 'false',
    },
} %}

with

{% for table in keyed_tables -%}
{{ table }} as (

    select * from {{ source('nba_external', table) }}
    where {{ any_date('game_date') }}

),

{% endfor -%}
schedule_rows as (

    select * from {{ source('nba_external_raw', 'nbac_schedule') }}
    where {{ any_date('game_date') }}

),

team_games as (

    select * from {{ ref('int_team_schedule') }}

),

unplayed_games as (

    select * from {{ ref('stg_nba__scheduled_games') }}
    where was_not_played

),

nba_teams as (

    select * from {{ ref('nba_teams') }}

),

-- Keys that repeat are few: only theirs are compared value by value.
{% for table, shape in keyed_tables.items() -%}
repeated_{{ table }}_keys as (

    select
        game_date,
        {{ shape['key'] }},
        count(*) as copies
    from {{ table }}
    group by game_date, {{ shape['key'] }}
    having count(*) > 1

),

ranked_{{ table }} as (

    select
        rows_of_key.*,
        repeats.copies,
        rank() over (
            partition by rows_of_key.game_date, rows_of_key.{{ shape['key'] }}
            order by rows_of_key.processed_at desc, rows_of_key.created_at desc
        ) as place
    from {{ table }} as rows_of_key
    inner join repeated_{{ table }}_keys as repeats
        on
            rows_of_key.game_date = repeats.game_date
            and rows_of_key.{{ shape['key'] }} = repeats.{{ shape['key'] }}

),

repeated_{{ table }} as (

    select
        ranked.game_date,
        ranked.{{ shape['key'] }} as entity,
        max(ranked.copies) as copies,
        count(
            distinct concat(
                {%- for column in shape['values'] %}
                coalesce(cast(ranked.{{ column }} as string), 'NULL'), '|',
                {%- endfor %}
                ''
            )
        ) as versions
    from ranked_{{ table }} as ranked
    inner join team_games
        on
            ranked.game_date = team_games.game_date
            and ranked.{{ shape['team'] }} = team_games.team_abbr
    where ranked.place = 1
    group by ranked.game_date, ranked.{{ shape['key'] }}

),

{% endfor -%}
repeated as (
    {%- for table, shape in keyed_tables.items() %}

    select
        '{{ table }}' as table_name,
        entity,
        copies,
        versions,
        {{ shape['spoils_own_date'] }} as spoils_own_date,
        game_date
    from repeated_{{ table }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

known_team_dates as (

    select
        game_date,
        home_team_tricode as team_abbr
    from schedule_rows

    union distinct

    select
        game_date,
        away_team_tricode as team_abbr
    from schedule_rows

),

-- What a newer row has put right is no finding.
{% for table, shape in keyed_tables.items() -%}
newest_{{ table }} as (

    select *
    from {{ table }}
    where true
    qualify {{ is_newest(['game_date', shape['key']], [shape['team']]) }}

),

{% endfor -%}
teams_by_date as (
    {%- for table, shape in keyed_tables.items() %}

    select
        '{{ table }}' as table_name,
        game_date,
        {{ shape['team'] }} as team_abbr,
        count(*) as box_rows
    from newest_{{ table }}
    group by game_date, {{ shape['team'] }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        'box_of_unknown_game' as check_name,
        'block' as severity,
        teams_by_date.box_rows as affected_rows,
        concat(
            teams_by_date.team_abbr, ' of ', cast(teams_by_date.game_date as string), ': in ',
            teams_by_date.table_name, ' and not in nbac_schedule'
        ) as example,
        true as spoils_own_date,
        teams_by_date.game_date,
        {{ season_year('teams_by_date.game_date') }} as season_year
    from teams_by_date
    inner join nba_teams on teams_by_date.team_abbr = nba_teams.team_abbr
    left join known_team_dates
        on
            teams_by_date.game_date = known_team_dates.game_date
            and teams_by_date.team_abbr = known_team_dates.team_abbr
    where known_team_dates.team_abbr is null

    union all

    -- Left out as a game that was not played: its score may only be missing.
    select
        'box_of_unplayed_game' as check_name,
        'block' as severity,
        teams_by_date.box_rows as affected_rows,
        concat(
            'game ', unplayed_games.game_id, ': ', teams_by_date.team_abbr, ' has rows in ',
            teams_by_date.table_name, ' and no final score in nbac_schedule'
        ) as example,
        true as spoils_own_date,
        unplayed_games.game_date,
        unplayed_games.season_year
    from teams_by_date
    inner join unplayed_games
        on
            teams_by_date.game_date = unplayed_games.game_date
            and (
                teams_by_date.team_abbr = unplayed_games.home_team_abbr
                or teams_by_date.team_abbr = unplayed_games.away_team_abbr
            )
    where teams_by_date.table_name = 'player_game_summary'

    union all

    select
        case when versions > 1 then 'ambiguous_rows' else 'repeated_rows' end as check_name,
        case when versions > 1 then 'block' else 'warn' end as severity,
        copies - 1 as affected_rows,
        concat(
            cast(game_date as string), ': ', cast(copies as string), ' rows of ', entity, ' in ',
            table_name, case when versions > 1 then ', equally new and not equal' else '' end
        ) as example,
        spoils_own_date,
        game_date,
        {{ season_year('game_date') }} as season_year
    from repeated

)

select * from final
