-- Features are numbered from 0 without gaps, have distinct names and a default within their range,
-- and share one version that ends with their number.

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
        max(feature_index) as last_index,
        count(distinct feature_version) as feature_versions,
        max(feature_version) as feature_version
    from feature_catalogue

)

select 'features are not numbered from 0 without a gap, each with a name of its own' as problem
from totals
where
    features != feature_indices
    or features != feature_names
    or first_index != 0
    or last_index != features - 1

union all

select concat(feature_version, ' has ', cast(features as string), ' features') as problem
from totals
where feature_versions != 1 or not ends_with(feature_version, concat('_', cast(features as string)))

union all

select concat('default, minimum or maximum: ', coalesce(feature_name, '(no name)')) as problem
from feature_catalogue
where not coalesce(min_value <= default_value and default_value <= max_value, false)

union all

select concat('source or is_required: ', coalesce(feature_name, '(no name)')) as problem
from feature_catalogue
where not coalesce(source in ('phase4', 'calculated'), false) or is_required is null
