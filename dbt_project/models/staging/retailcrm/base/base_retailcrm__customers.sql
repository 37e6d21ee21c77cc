{% set phones = [
    ('phone', 'number', 'text', ''),
] %}
{% set segments = [
    ('segment_code', 'code', 'text', 'required'),
    ('segment_name', 'name', 'text', ''),
] %}
{% set subscriptions = [
    ('channel',       'subscription.channel', 'text',    ''),
    ('code',          'subscription.code',    'text',    ''),
    ('is_subscribed', 'subscribed',           'boolean', 'required'),
    ('changed_at',    'changedAt',            'local',   ''),
] %}
{% set contract = [
    ('customer_id',           'id',                            'text',    'required'),
    ('external_id',           'externalId',                    'text',    ''),
    ('created_at',            'createdAt',                     'local',   'required'),
    ('site',                  'site',                          'text',    ''),
    ('first_name',            'firstName',                     'text',    ''),
    ('last_name',             'lastName',                      'text',    ''),
    ('middle_name',           'patronymic',                    'text',    ''),
    ('sex',                   'sex',                           'text',    ''),
    ('email',                 'email',                         'text',    ''),
    ('birth_date',            'birthday',                      'date?',   ''),
    ('city',                  'address.city',                  'text',    ''),
    ('region',                'address.region',                'text',    ''),
    ('address',               'address.text',                  'text',    ''),
    ('card_number',           'discountCardNumber',            'text',    ''),
    ('utm_source',            'source.source',                 'text',    ''),
    ('utm_medium',            'source.medium',                 'text',    ''),
    ('browser_id',            'browserId',                     'text',    ''),
    ('first_client_id',       'firstClientId',                 'text',    ''),
    ('last_client_id',        'lastClientId',                  'text',    ''),
    ('email_unsubscribed_at', 'emailMarketingUnsubscribedAt',  'local?',  ''),
    ('tags',                  'tags',                          'json',    ''),
    ('custom_fields',         'customFields',                  'json',    ''),
    ('phones',                'phones',                        'rows',    phones),
    ('segments',              'segments',                      'rows',    segments),
    ('subscriptions',         'customerSubscriptions',         'rows',    subscriptions),
] %}
{{ staged_documents('retailcrm', 'customers', contract, zones=ref('base_retailcrm__settings')) }}
