{#- The state of every (table, date); this is the only place that decides it. phase4_coverage compares receipts with
    the inputs as they are now. int_window_coverage, right after a run, compares them with the inputs as they were
    when the run began, and is valid only for the dates of that run's window. `input_hashes` is a relation with
    table_name, analysis_date and input_hash. -#}
{% macro coverage_by(input_hashes) -%}
with

table_dates as (

    select * from {{ ref('int_expected_dates') }}

),

input_hashes as (

    select * from {{ input_hashes }}

),

logic_versions as (

    select * from {{ ref('int_logic_versions') }}

),

non_nba_teams as (

    select * from {{ ref('stg_nba__non_nba_teams') }}

),

receipts as (

    select * from {{ source('nba_bookkeeping', 'receipts') }}

),

failures as (

    select * from {{ source('nba_bookkeeping', 'failures') }}

),

stored as (
    {% for table in phase4_tables() %}
    select
        '{{ table }}' as table_name,
        analysis_date,
        count(*) as row_count
    from {{ existing_or_empty(ref(table)) }}
    group by analysis_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- Exclusions are due on every game date, even if they turn out to be none.
scheduled as (

    select
        table_name,
        analysis_date,
        season_year,
        is_expected,
        not_expected_reason,
        is_expected as rows_expected,
        true as is_scheduled
    from table_dates

    union all

    select distinct
        'phase4_exclusions' as table_name,
        analysis_date,
        season_year,
        true as is_expected,
        cast(null as string) as not_expected_reason,
        false as rows_expected,
        true as is_scheduled
    from table_dates

),

-- Rows or receipts of a date that is no longer on the schedule. (Exclusions also name exhibition
-- teams, which may play on days without other games.)
left_behind as (

    select
        table_name,
        analysis_date
    from stored

    union distinct

    select
        table_name,
        analysis_date
    from receipts

),

table_and_date as (

    select * from scheduled

    union all

    select
        left_behind.table_name,
        left_behind.analysis_date,
        {{ season_year('left_behind.analysis_date') }} as season_year,
        false as is_expected,
        cast(null as string) as not_expected_reason,
        false as rows_expected,
        false as is_scheduled
    from left_behind
    where
        left_behind.analysis_date not in (select scheduled.analysis_date from scheduled)
        and (
            left_behind.table_name != 'phase4_exclusions'
            or left_behind.analysis_date not in (select non_nba_teams.game_date from non_nba_teams)
        )

),

compared as (

    select
        table_and_date.*,

        coalesce(stored.row_count, 0) as row_count,
        receipts.row_count as receipt_row_count,
        receipts.content_hash,
        receipts.input_hash,
        input_hashes.input_hash as current_input_hash,
        receipts.logic_version,
        logic_versions.logic_version as current_logic_version,
        receipts.run_id,
        receipts.built_at,

        failures.kind as failure_kind,
        failures.error as failure_error,
        failures.sql_path as failure_sql_path,
        failures.retry_command as failure_retry_command,
        failures.failed_at,

        -- A date without rows, on which none are expected, cannot go stale.
        table_and_date.is_expected or coalesce(stored.row_count, 0) > 0 as matters,
        coalesce(receipts.input_hash != input_hashes.input_hash, true) as inputs_differ,
        coalesce(receipts.logic_version != logic_versions.logic_version, true) as logic_differs
    from table_and_date
    left join stored
        on
            table_and_date.table_name = stored.table_name
            and table_and_date.analysis_date = stored.analysis_date
    left join receipts
        on
            table_and_date.table_name = receipts.table_name
            and table_and_date.analysis_date = receipts.analysis_date
    left join input_hashes
        on
            table_and_date.table_name = input_hashes.table_name
            and table_and_date.analysis_date = input_hashes.analysis_date
    left join logic_versions on table_and_date.table_name = logic_versions.table_name
    left join failures
        on
            table_and_date.table_name = failures.table_name
            and table_and_date.analysis_date = failures.analysis_date

),

-- The receipt decides and the rows confirm it: if they disagree, the date has to be rebuilt.
judged as (

    select
        *,
        case
            when not is_scheduled then 'no_game_any_more'
            when receipt_row_count is null and row_count > 0 then 'rows_without_receipt'
            when receipt_row_count is null and is_expected then 'never_built'
            when receipt_row_count is null then not_expected_reason
            when receipt_row_count != row_count then 'rows_differ_from_receipt'
            when matters and inputs_differ then 'inputs_changed'
            when matters and logic_differs then 'logic_changed'
            when rows_expected and row_count = 0 then 'no_rows_came'
            when not is_expected then not_expected_reason
        end as reason_of_rows
    from compared

),

with_states as (

    select
        *,
        {{ state_of('reason_of_rows') }} as state_of_rows
    from judged

),

-- A failure counts only while the date still has to be built.
failures_judged as (

    select
        *,
        failed_at is not null and {{ needs_work('state_of_rows') }} as has_failed
    from with_states

),

final as (

    select
        table_name,
        analysis_date,
        season_year,

        row_count,
        receipt_row_count,

        case when has_failed then 'failed' else state_of_rows end as state,
        case when has_failed then failure_kind else reason_of_rows end as state_reason,
        is_expected,

        content_hash,
        input_hash,
        current_input_hash,
        logic_version,
        current_logic_version,
        run_id,
        failure_error,
        failure_sql_path,
        failure_retry_command,

        built_at,
        failed_at

    from failures_judged

)

select * from final
{%- endmacro %}


{#- The state that follows from a reason; `done` without one. -#}
{% macro state_of(reason) -%}
    case {{ reason }}
        {%- for name, state in var('coverage_reasons').items() %}
        when '{{ name }}' then '{{ state }}'
        {%- endfor %}
        else 'done'
    end
{%- endmacro %}


{#- Does a date in this state have to be built? -#}
{% macro needs_work(state) -%}
    {%- set states = [] -%}
    {%- for name, entry in var('coverage_states').items() if entry.work -%}{%- do states.append(name) -%}{%- endfor -%}
    {{ state }} in ('{{ states | join("', '") }}')
{%- endmacro %}
