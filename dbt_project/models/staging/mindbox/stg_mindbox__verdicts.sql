{{ verdicts('mindbox', ['customers', 'mailings', 'mailing_statuses', 'customer_actions', 'customer_merges']) }}
