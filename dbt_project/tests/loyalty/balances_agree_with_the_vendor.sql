{{ config(severity='warn') }}
-- Our sum of an account's points differs from the vendor's own balance by more than loyalty.balance_tolerance_points.
select loyalty_account_id, points_balance, vendor_balance, balance_difference
from {{ ref('loyalty_accounts') }}
where abs(balance_difference) > {{ rule('loyalty.balance_tolerance_points') }}
