{{ verdicts('calltouch', ['settings', 'calls', 'leads']) }}
