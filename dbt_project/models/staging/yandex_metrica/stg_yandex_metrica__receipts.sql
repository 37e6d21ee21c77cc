{{ lake_receipts('yandex_metrica', ['counters', 'visits', 'hits', 'exported_days']) }}
