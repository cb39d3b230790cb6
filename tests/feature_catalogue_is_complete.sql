-- The catalogue lists 25 features, numbered 0 to 24 without a gap, named once each, with a default
-- within the range.

with

feature_catalogue as (

    select * from {{ ref('feature_catalogue') }}

),

totals as (

    select
        count(*) as features,
        count(distinct feature_index) as feature_indices,
        count(distinct feature_name) as feature_names,
        min(feature_index) as first_index,
        max(feature_index) as last_index
    from feature_catalogue

)

select 'not 25 features numbered 0 to 24, each with a name of its own' as problem
from totals
where
    features != 25
    or feature_indices != 25
    or feature_names != 25
    or first_index != 0
    or last_index != 24

union all

select concat('default, minimum or maximum: ', coalesce(feature_name, '(no name)')) as problem
from feature_catalogue
where not coalesce(min_value <= default_value and default_value <= max_value, false)

union all

select concat('source or is_required: ', coalesce(feature_name, '(no name)')) as problem
from feature_catalogue
where not coalesce(source in ('phase4', 'calculated'), false) or is_required is null
