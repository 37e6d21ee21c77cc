{{ verdicts('abm_loyalty', ['settings', 'accounts', 'operations', 'answers']) }}
