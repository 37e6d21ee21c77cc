{#-
  Whose a raw telephone number or e-mail address is, for facts that name no record of a person (a call, a request, an answer):
    select {{ contact_customer() }} as customer_id
    from calls
    {{ contact_owner(phone='calls.customer_phone', email='calls.contact_email') }}
  A column whose numbers are looked up must stand in the list of int_contact_phones, where each spelling is parsed once.
  A number and an address of two customers name nobody.
-#}
{% macro contact_owner(phone=none, email=none, as_='contact') -%}
    {%- if phone %}
    left join {{ ref('int_contact_phones') }} as {{ as_ }}_phone on {{ phone }} = {{ as_ }}_phone.written
    left join {{ ref('int_contact_owners') }} as {{ as_ }}_phone_owner
        on {{ as_ }}_phone_owner.identifier_type = 'phone'
            and {{ as_ }}_phone.phone = {{ as_ }}_phone_owner.link_value
    {%- endif %}
    {%- if email %}
    left join {{ ref('int_contact_owners') }} as {{ as_ }}_email_owner
        on {{ as_ }}_email_owner.identifier_type = 'email'
            and {{ email_link_value(email) }} = {{ as_ }}_email_owner.link_value
    {%- endif %}
{%- endmacro %}

{#- The customer of contact_owner(); `by` says which of its two ways were asked for. -#}
{% macro contact_customer(by='phone and email', as_='contact') -%}
    {%- if by == 'phone' -%} {{ as_ }}_phone_owner.customer_id
    {%- elif by == 'email' -%} {{ as_ }}_email_owner.customer_id
    {%- else -%}
    case
        when coalesce({{ as_ }}_phone_owner.customer_id, {{ as_ }}_email_owner.customer_id)
            = coalesce({{ as_ }}_email_owner.customer_id, {{ as_ }}_phone_owner.customer_id)
            then coalesce({{ as_ }}_phone_owner.customer_id, {{ as_ }}_email_owner.customer_id)
    end
    {%- endif -%}
{%- endmacro %}


{#- What two records must share to share a mailbox: all spellings of one gmail or Yandex mailbox are one (both providers say
    so: dots and what follows a plus do not count for the one, the dot is a hyphen and the domains are one for the other). -#}
{% macro email_link_value(email) -%}
    {%- set address = "lower(trim(" ~ email ~ "))" -%}
    {%- set mailbox = "split_part(split_part(" ~ address ~ ", '@', 1), '+', 1)" -%}
    {%- set domain = "split_part(" ~ address ~ ", '@', 2)" -%}
    case
        when {{ domain }} in ('gmail.com', 'googlemail.com') then replace({{ mailbox }}, '.', '') || '@gmail.com'
        when {{ domain }} in ('yandex.ru', 'ya.ru', 'yandex.com', 'yandex.by', 'yandex.kz')
            then replace({{ mailbox }}, '.', '-') || '@yandex.ru'
        else {{ address }}
    end
{%- endmacro %}
