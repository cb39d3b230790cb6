{#- Every candidate of this Phase 4 table on a date of the run's window has one row or one exclusion, and nobody else
    has either (contract R12 and section 5). The registry of tables (dbt_project.yml) defines the `candidates`; this
    test counts them from Phase 3, independently of the intermediate models.

    Example: on player_daily_cache it fails for a participant with five games and no row, and for one with four games
    and a row.

    Why it matters: a player who drops out silently looks like one who did not play.

    How to fix: build the date again, `python orchestrate.py backfill`; if the row is still not there, the model and
    phase4_exclusions disagree about who takes part or how many games he has. -#}
{% test accounts_for_everyone(model) %}

{%- set table = tested_table() %}
{%- set kind = var('phase4_tables').get(table, {}).get('candidates') %}
{#- Refer to it here: dbt finds what a test reads while it parses. #}
{%- set teams, team_games = ref('nba_teams'), ref('team_defense_game_summary') %}
{%- set players, expected = ref('player_game_summary'), ref('upcoming_player_game_context') %}

with

{{ window_game_dates() }},

{% if kind == 'teams' -%}
candidates as (

    select
        game_dates.game_date as analysis_date,
        nba_teams.team_abbr as entity_id,
        count(games.game_id) as games
    from game_dates
    cross join {{ teams }} as nba_teams
    left join {{ team_games }} as games
        on
            nba_teams.team_abbr = games.defending_team_abbr
            and game_dates.season_year = games.season_year
            and game_dates.game_date > games.game_date
            and {{ in_history('games.game_date') }}
    group by game_dates.game_date, nba_teams.team_abbr

),
{%- elif kind == 'players' -%}
candidates as (

    select
        game_dates.game_date as analysis_date,
        played.player_lookup as entity_id,
        count(*) as games
    from game_dates
    inner join {{ players }} as played
        on
            game_dates.season_year = played.season_year
            and game_dates.game_date > played.game_date
    where played.is_active and {{ in_history('played.game_date') }}
    group by game_dates.game_date, played.player_lookup

),
{%- else -%}
{{ participant_candidates(expected, players) }},
{%- endif %}

{{ reconciled(model, table) }}

{% endtest %}
