{#- A market is matched by the words that sources use for it: the-odds-api writes player_points. -#}
{%- set markets = {
    'points': ['points', 'player_points'],
    'points_rebounds_assists': ['points_rebounds_assists', 'player_points_rebounds_assists'],
} %}
{%- set columns = {
    'game_date': 'date', 'player_name': 'string', 'market': 'string', 'bookmaker': 'string',
    'line': type_double(), 'over_price': type_double(), 'under_price': type_double(),
    'home_team': 'string', 'commence_time': 'timestamp', 'quoted_at': 'timestamp',
} %}
{#- The ball goes up about ten minutes after the scheduled time. -#}
{%- set minutes_until_tip = 10 %}

with

player_props as (

    select * from {{ existing_or_empty(source('nba_raw', 'player_props'), columns) }}

),

games as (

    select * from {{ source('nba_raw', 'games') }}

),

counting_games as (

    select * from {{ ref('stg_nba__games') }}

),

player_games as (

    select * from {{ ref('int_player_results') }}

),

players as (

    select * from {{ ref('stg_nba__players') }}

),

player_aliases as (

    select * from {{ ref('player_aliases') }}

),

nba_teams as (

    select * from {{ ref('nba_teams') }}

),

starts as (

    select
        game_id,
        tip_et
    from games
    where true
    qualify row_number() over (partition by game_id order by ingested_at desc) = 1

),

-- Whoever played, by the names that bookmakers could print.
people as (

    select
        player_games.game_date,
        player_games.game_id,
        player_games.universal_player_id,
        players.folded_name,
        players.name_stem,
        starts.tip_et,
        counting_games.home_team_abbr,
        count(*) over (partition by player_games.game_date, players.folded_name) as same_name,
        count(*) over (partition by player_games.game_date, players.name_stem) as same_stem
    from player_games
    inner join players on player_games.universal_player_id = players.universal_player_id
    inner join counting_games on player_games.game_id = counting_games.game_id
    left join starts on player_games.game_id = starts.game_id

),

-- The league's spelling of a name that others print differently.
named as (

    select
        player_props.game_date,
        player_props.bookmaker,
        player_props.market,
        player_props.line,
        player_props.over_price,
        player_props.under_price,
        player_props.home_team,
        player_props.commence_time,
        player_props.quoted_at,
        coalesce(player_aliases.player_name, player_props.player_name) as player_name
    from player_props
    left join player_aliases
        on
            {{ fold_name('player_props.player_name') }}
            = {{ fold_name('player_aliases.printed_name') }}
    where player_props.line is not null

),

bets as (

    select
        named.game_date,
        named.bookmaker,
        named.line as offered_line,
        named.over_price,
        named.under_price,
        nba_teams.team_abbr as home_team_abbr,
        named.commence_time,
        named.quoted_at,
        case named.market
            {%- for market, words in markets.items() %}
            {%- for word in words %}
            when '{{ word }}' then '{{ market }}'
            {%- endfor %}
            {%- endfor %}
        end as market,
        {{ fold_name('named.player_name') }} as folded_name,
        {{ name_stem('named.player_name') }} as name_stem
    from named
    left join nba_teams on named.home_team = nba_teams.team_name

),

-- A whole name goes before one without its suffix. A name that two players of a day share needs
-- the home team.
matched as (

    select
        bets.*,
        people.universal_player_id,
        people.game_id,
        people.tip_et
    from bets
    inner join people
        on
            bets.game_date = people.game_date
            and bets.name_stem = people.name_stem
            and (bets.folded_name = people.folded_name or people.same_stem = 1)
            and (
                bets.home_team_abbr = people.home_team_abbr
                or (
                    bets.home_team_abbr is null
                    and (
                        people.same_stem = 1
                        or (bets.folded_name = people.folded_name and people.same_name = 1)
                    )
                )
            )
    where bets.market is not null

),

-- A bet that was taken during the game knows part of its result.
before_tip as (

    select *
    from matched
    where
        coalesce(
            quoted_at < commence_time,
            {{ minutes_after_start('quoted_at', 'game_date', 'tip_et') }} < {{ minutes_until_tip }},
            true
        )

),

newest as (

    select *
    from before_tip
    where true
    qualify rank() over (
        partition by universal_player_id, game_id, market, bookmaker order by quoted_at desc
    ) = 1

),

-- A bookmaker may offer several lines at once. Their median, like that of the bookmakers below, is
-- the mean of the one or two in the middle.
placed as (

    select
        *,
        row_number() over (
            partition by universal_player_id, game_id, market, bookmaker order by offered_line
        ) as place,
        count(*) over (
            partition by universal_player_id, game_id, market, bookmaker
        ) as line_count
    from newest

),

middle as (

    select * from placed
    where 2 * place between line_count and line_count + 2

),

by_bookmaker as (

    select
        universal_player_id,
        game_id,
        market,
        bookmaker,
        avg(offered_line) as bookmaker_line,
        max(over_price) as over_price,
        max(under_price) as under_price
    from middle
    group by universal_player_id, game_id, market, bookmaker

),

placed_bookmakers as (

    select
        *,
        row_number() over (
            partition by universal_player_id, game_id, market order by bookmaker_line, bookmaker
        ) as place,
        count(*) over (partition by universal_player_id, game_id, market) as bookmaker_count
    from by_bookmaker

),

medians as (

    select
        *,
        avg(
            case
                when 2 * place between bookmaker_count and bookmaker_count + 2 then bookmaker_line
            end
        ) over (partition by universal_player_id, game_id, market) as median_line
    from placed_bookmakers

),

final as (

    select
        universal_player_id,
        game_id,
        market,
        max(median_line) as median_line,
        count(*) as bookmaker_count,
        max(case when bookmaker_line = median_line then over_price end) as over_price,
        max(case when bookmaker_line = median_line then under_price end) as under_price,
        array_agg(bookmaker order by bookmaker) as line_bookmakers,
        array_agg(bookmaker_line order by bookmaker) as lines_by_bookmaker
    from medians
    group by universal_player_id, game_id, market

)

select * from final
