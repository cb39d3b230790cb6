{#- The newest game that went into a row was played before the row's day (contract R1). NULL fails too: after
    bootstrap no row can have been made from no game.

    Example: a row of 2022-01-15 with newest_source_game_date 2022-01-15 fails.

    Why it matters: a feature that has seen the game it predicts makes every backtest look brilliant and
    every live prediction fail.

    How to fix: compare dates through the macros of `macros/as_of.sql` only, and carry the newest date of
    every input on with `latest`. -#}
{% test knows_only_earlier_games(model) %}

select *
from {{ model }}
{#- Spelled out: a test that shared the macro would share its mistake. #}
where not coalesce(newest_source_game_date < analysis_date, false)

{% endtest %}
