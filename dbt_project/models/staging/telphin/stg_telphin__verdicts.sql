{{ verdicts('telphin', ['calls', 'extensions']) }}
