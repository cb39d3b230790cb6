-- How sources write things, once for all formats. Each macro takes a column of text; blank is NULL.
-- A value that it does not know stops the load with that value: nothing is guessed, nothing dropped.

create macro text_of(x) as nullif(trim(x::varchar), '');

-- Counts such as 12, 12.0 and +15.
create macro count_of(x) as case
    when text_of(x) is null then null
    when try_cast(ltrim(text_of(x), '+') as double) = try_cast(ltrim(text_of(x), '+') as bigint)
        then try_cast(ltrim(text_of(x), '+') as bigint)
    else error('''' || x || ''' is not a whole number')
end;

create macro number_of(x) as case
    when text_of(x) is null then null
    when isfinite(try_cast(ltrim(text_of(x), '+') as double)) then try_cast(ltrim(text_of(x), '+') as double)
    else error('''' || x || ''' is not a number')
end;

-- Numbers of players and teams: 1627742, 1627742.0.
create macro id_of(x) as count_of(x);

-- The league's ids of games have ten digits; many files have lost the leading zeros. Other sources' stay.
create macro game_id_of(x) as case
    when regexp_full_match(text_of(x), '[1-6]?\d{7,9}(\.0+)?')
        then lpad(regexp_replace(text_of(x), '\.0+$', ''), 10, '0')
    else text_of(x)
end;

create macro season_from(year) as printf('%d-%02d', year, (year + 1) % 100);

-- 2023-24, 2023, and the league's 22023, whose first digit is the kind of game.
create macro season_of(x) as case
    when text_of(x) is null or regexp_full_match(text_of(x), '\d{4}-\d{2}') then text_of(x)
    when regexp_full_match(text_of(x), '[1-6]?\d{4}(\.0+)?')
        then season_from(try_cast(right(split_part(text_of(x), '.', 1), 4) as bigint))
    else error('''' || x || ''' is not a season')
end;

-- The season that ends in a year: 2024 is 2023-24.
create macro season_ending_in(x) as season_from(count_of(x) - 1);

-- The kind of game, by the first digits of the league's id.
create macro season_type_of_game(x) as case left(game_id_of(x), 3)
    when '001' then 'preseason'
    when '002' then 'regular'
    when '003' then 'all_star'
    when '004' then 'playoffs'
    when '005' then 'play_in'
    when '006' then 'cup_final'
    else error('game ' || x || ' does not say its kind: map season_type')
end;

-- A day, without a time: 2023-11-01, 20231101, 11/01/2023, NOV 01, 2023. Midnight is how many write a day.
create macro date_of(x) as case
    when text_of(x) is null then null
    when regexp_full_match(text_of(x), '\d{4}-\d{2}-\d{2}([T ]00:00(:00(\.0+)?)?)?')
        and try_cast(text_of(x)[:10] as date) is not null then try_cast(text_of(x)[:10] as date)
    when coalesce(try_strptime(text_of(x), ['%Y%m%d', '%m/%d/%Y', '%b %d, %Y', '%B %d, %Y'])) is not null
        then try_strptime(text_of(x), ['%Y%m%d', '%m/%d/%Y', '%b %d, %Y', '%B %d, %Y'])::date
    else error('''' || x || ''' is not a date without a time of day')
end;

-- The US Eastern time of an instant such as 2026-01-02T03:00:00Z; without an offset it is UTC.
create macro eastern_moment_of(x) as case
    when text_of(x) is null then null
    when try_cast(regexp_replace(text_of(x), '(Z|[+-]\d{2}(:?\d{2})?)?$', '') as timestamp) is not null
        then coalesce(
            case when regexp_matches(text_of(x), '\d(Z|[+-]\d{2}(:?\d{2})?)$') and text_of(x) like '%:%'
                then try_cast(text_of(x) as timestamptz) end,
            try_cast(text_of(x) || 'Z' as timestamptz)
        ) at time zone 'America/New_York'
    else error('''' || x || ''' is not an instant')
end;

create macro eastern_day_of(x) as eastern_moment_of(x)::date;

-- The time of day, 19:30:00.
create macro eastern_time_of(x) as strftime(eastern_moment_of(x), '%H:%M:%S');

-- 34:12, 34.000000:12, PT34M12.00S, 34.2 (minutes and a fraction).
create macro minutes_of(x) as case
    when text_of(x) is null then null
    when regexp_full_match(text_of(x), '\d+(\.0+)?:[0-5]?\d(\.\d+)?')
        then split_part(text_of(x), ':', 1)::double + split_part(text_of(x), ':', 2)::double / 60
    when regexp_full_match(text_of(x), 'PT(\d+M)?(\d+(\.\d+)?S)?')
        then coalesce(try_cast(regexp_extract(text_of(x), '(\d+)M', 1) as double), 0)
            + coalesce(try_cast(regexp_extract(text_of(x), '([\d.]+)S', 1) as double), 0) / 60
    when isfinite(try_cast(text_of(x) as double)) then try_cast(text_of(x) as double)
    else error('''' || x || ''' is not a number of minutes')
end;

-- 30.46, where it means 30 minutes and 46 seconds. No format guesses this; a mapping has to say it.
create macro minutes_and_seconds_of(x) as case
    when text_of(x) is null then null
    when regexp_full_match(text_of(x), '\d+(\.[0-5]\d?)?')
        then split_part(text_of(x), '.', 1)::double
            + coalesce(try_cast(rpad(split_part(text_of(x), '.', 2), 2, '0') as double), 0) / 60
    else error('''' || x || ''' is not minutes.seconds')
end;

create macro minutes_of_seconds(x) as number_of(x) / 60;

create macro flag_of(x) as case
    when text_of(x) is null then null
    when lower(text_of(x)) in ('true', 't', 'yes', 'y', '1', '1.0') then true
    when lower(text_of(x)) in ('false', 'f', 'no', 'n', '0', '0.0') then false
    else error('''' || x || ''' is not true or false')
end;

create macro is_home_of(x) as case
    when text_of(x) is null then null
    when lower(text_of(x)) in ('home', 'away') then lower(text_of(x)) = 'home'
    else error('''' || x || ''' is not home or away')
end;

-- ESPN numbers the league's teams 1 to 30, and all other teams higher.
create macro is_espn_nba_team(x) as id_of(x) between 1 and 30;

-- ESPN counts the All-Star games and the final of the NBA Cup as regular season; the teams and the headline tell.
create macro espn_season_type_of(kind, home_id, away_id, headline) as case
    when regexp_matches(coalesce(headline, ''), '(nba cup|in-season tournament).*championship', 'i') then 'cup_final'
    when coalesce(headline, '') ilike '%play-in%' then 'play_in'
    when count_of(kind) = 1 then 'preseason'
    when count_of(kind) = 2 and is_espn_nba_team(home_id) and is_espn_nba_team(away_id) then 'regular'
    when count_of(kind) = 2 then 'all_star'
    when count_of(kind) = 3 then 'playoffs'
    when count_of(kind) = 5 then 'play_in'
    else error('''' || kind || ''' is not a season_type of ESPN: 1, 2, 3 or 5')
end;

-- --- games and teams -----------------------------------------------------------------------------------------

-- The season of the league's id of a game: 0022300061 is of 2023-24.
create macro season_of_game(x) as case
    when text_of(x) is null then null
    when regexp_full_match(game_id_of(x), '00[1-6]\d{7}')
        then season_from(
            try_cast(substr(game_id_of(x), 4, 2) as bigint)
            + case when substr(game_id_of(x), 4, 2) >= '46' then 1900 else 2000 end
        )
    else error('game ' || x || ' does not say its season: map season')
end;

-- The day of a game that a file names only by its id, as `games` knows it.
create macro day_of_game(x, day) as case
    when day is null
        then error(
            'game ' || game_id_of(x) || ' is in none of the files, and this one does not say its date: '
            || 'put the log of teams (LeagueGameLog) or the schedule (ScheduleLeagueV2) beside it'
        )
    else day
end;

-- W or L of a score; NULL where one is not known.
create macro result_of(own, other) as case when own > other then 'W' when own < other then 'L' end;

create macro result_of_team(team, home_team, home_score, away_score) as case
    when team = home_team then result_of(home_score, away_score)
    else result_of(away_score, home_score)
end;

create macro full_name_of(given, family) as nullif(concat_ws(' ', text_of(given), text_of(family)), '');

-- What teams are called: in full, by their nickname alone, or as they once were.
create view team_names as
select lower(name) as name, any_value(team_abbr) as team_abbr
from (
    select team_name as name, team_abbr from teams
    union all
    select nickname, team_abbr from teams
    union all
    from (values
        ('Trail Blazers', 'POR'), ('Los Angeles Clippers', 'LAC'), ('LA Lakers', 'LAL'), ('New Jersey Nets', 'BKN'),
        ('Charlotte Bobcats', 'CHA'), ('New Orleans Hornets', 'NOP'),
        ('New Orleans/Oklahoma City Hornets', 'NOP'), ('Seattle SuperSonics', 'OKC'),
        ('Vancouver Grizzlies', 'MEM'), ('Washington Bullets', 'WAS')
    ) as known (name, team_abbr)
)
group by all;

-- The code of a team's name; a name that is none of the NBA's stays, as codes do.
create macro team_of_name(x) as coalesce(
    (select team_abbr from team_names where name = lower(text_of(x))), text_of(x)
);

-- Ids for sources that have none, the same for the same words.
create macro id_of_name(x) as 1000000000000 + (md5_number_lower(lower(text_of(x))) % 1000000000000)::bigint;

create macro game_id_of_teams(day, away, home) as 'derived:' || day || ':' || away || '@' || home;

-- A time on the clocks of the US East says its day. stats.nba.com ends such times with a Z that means nothing.
create macro day_of_eastern_time(x) as case
    when text_of(x) is null then null
    when regexp_full_match(text_of(x), '\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|-0[45]:?00)?)?')
        and try_cast(text_of(x)[:10] as date) is not null then try_cast(text_of(x)[:10] as date)
    else error('''' || x || ''' is not a time in US Eastern')
end;

-- An instant with its offset; without one it is UTC.
create macro instant_of(x) as case
    when text_of(x) is null then null
    when regexp_matches(text_of(x), '\d(Z|[+-]\d{2}(:?\d{2})?)$') and text_of(x) like '%:%'
        and try_cast(text_of(x) as timestamptz) is not null
        then try_cast(text_of(x) as timestamptz) at time zone 'UTC'
    when try_cast(text_of(x) as timestamp) is not null then try_cast(text_of(x) as timestamp)
    else error('''' || x || ''' is not an instant')
end;
