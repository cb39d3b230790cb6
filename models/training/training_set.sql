with

features as (

    select * from {{ ref('ml_feature_store') }}

),

games as (

    select * from {{ ref('stg_nba__games') }}

),

results as (

    select * from {{ ref('int_player_results') }}

),

closing_lines as (

    select * from {{ ref('int_closing_lines') }}

),

player_lines as (

    select * from {{ ref('int_player_lines') }}

),

final as (

    select
        concat(cast(features.analysis_date as string), ':', features.universal_player_id) as row_id,
        features.analysis_date,
        features.player_lookup,
        features.universal_player_id,
        features.game_id,
        features.team_abbr,
        features.opponent_team_abbr,
        features.season_year,
        games.season_type,
        features.season_year as fold,

        {%- for name in feature_names('ml_feature_store') %}
        features.{{ name }},
        {%- endfor %}

        features.is_home,
        features.days_rest,
        features.player_status,
        features.default_feature_count,
        features.feature_version,
        features.feature_quality_score,
        features.quality_tier,
        features.is_production_ready,
        features.data_quality_issues,

        results.points as actual_points,
        results.minutes as actual_minutes,
        results.rebounds as actual_rebounds,
        results.assists as actual_assists,
        results.points + results.rebounds + results.assists as points_rebounds_assists,

        closing_lines.closing_spread,
        closing_lines.closing_total,
        points_lines.median_line as points_line,
        points_lines.bookmaker_count as points_line_bookmaker_count,
        points_lines.over_price as points_over_price,
        points_lines.under_price as points_under_price,
        -- BigQuery reads an array that is NULL as an empty one.
        coalesce(points_lines.line_bookmakers, []) as points_line_bookmakers,
        coalesce(points_lines.lines_by_bookmaker, []) as points_lines_by_bookmaker,
        sum_lines.median_line as points_rebounds_assists_line,
        sum_lines.bookmaker_count as points_rebounds_assists_line_bookmaker_count,
        sum_lines.over_price as points_rebounds_assists_over_price,
        sum_lines.under_price as points_rebounds_assists_under_price

    from features
    inner join results
        on
            features.game_id = results.game_id
            and features.universal_player_id = results.universal_player_id
    inner join games on features.game_id = games.game_id
    left join closing_lines
        on
            features.game_id = closing_lines.game_id
            and features.team_abbr = closing_lines.team_abbr
    left join player_lines as points_lines
        on
            features.game_id = points_lines.game_id
            and features.universal_player_id = points_lines.universal_player_id
            and points_lines.market = 'points'
    left join player_lines as sum_lines
        on
            features.game_id = sum_lines.game_id
            and features.universal_player_id = sum_lines.universal_player_id
            and sum_lines.market = 'points_rebounds_assists'

)

select * from final
