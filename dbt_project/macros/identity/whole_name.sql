{#-
  The field in which a record of int_profiles tells several names as one text, NULL where each has its own: the whole name of a form with
  one field, and the field of the first or the last name if more than a word stands in it. int_identity_names reads it.
-#}
{% macro whole_name() -%}
    {%- set several = letters() ~ '[^' ~ letters()[1:-1] ~ '-]+' ~ letters() -%}
    case
        when kind <> 'person' then null
        when first_name is null and last_name is null then full_name
        when {{ matches('first_name', several) }} then first_name
        when first_name is null and {{ matches('last_name', several) }} then last_name
    end
{%- endmacro %}

{#- Endings of patronymics as they sound: Сергеевич, Ильинична, Рашид оглы, Серикулы; of those in -ич alone the few that there are (Кузьмич)
    and what is said for long ones (Иваныч), since surnames end so (Бабич). -#}
{% macro patronymic_endings() -%}
    {{ return('(ovich|evich|^(il|kuzm|luk|fom|nikit|ivan|stepan|mihal|pal|san|maksim|roman|semen|vasil|danil|kiril|anton|serge|alekse|andre'
        ~ '|nikola|timofe)ich|ovna|evna|ichna|[oe]gli|[oe]glu|ugli|uulu|[^ ]{4}uli|kizi|gizi)$') }}
{%- endmacro %}

{#- A letter of an alphabet, as a class: Latin, Cyrillic, Armenian, Georgian. -#}
{% macro letters() -%}{{ return('[a-zA-Zß-ɏḀ-ỿЀ-ԯԱ-ևა-ჿ]') }}{%- endmacro %}

{#- What stands where a name is asked for and is none: titles, who somebody is to somebody, where a record comes from. -#}
{% macro no_names() -%}
    {{ return('(ип|чп|индивидуальный|предприниматель|самозанят(ый|ая)|гр|граждан(ин|ка)|г-н|г-жа|госпо(дин|жа)|д-р|mr|mrs|ms|miss|dr|vip|вип'
        ~ '|клиент(ка)?|покупатель(ница)?|гость|аноним(ный)?|пользователь|абонент|контакт|неизвестн(ый|ая|о)|неавторизованный|новый|без|нет|не'
        ~ '|указан[аоы]?|имен[иь]|имя|фамили[ия]|отчеств[оа]|фио|данных|розничный|оптовый|физ(ическое)?|юр(идическое)?|частн(ое|ый)|лиц[оа]'
        ~ '|физлицо|юрлицо|мама|папа|муж|жена|брат|сестра|сын|дочь|дочка|бабушка|дедушка|тетя|тётя|дядя|подруга|друг|младший|старший|мл|ст'
        ~ '|заявка|заказ|с  сайта|сайт|сайта|магазин|курьер|доставка|самовывоз|онлайн|телефон|тест|входящий|исходящий|звонок|представил(ся|ась)'
        ~ '|client|customer|guest|user|unknown|anonymous'
        ~ '|noname|none|null|name|test)') }}
{%- endmacro %}

{#- Whether a field of a name tells none: «нет», «Не указано», «Клиент 17», «—». -#}
{% macro tells_no_name(field) -%}
    {{ return(matches("' ' || " ~ replace_all("lower(" ~ field ~ ")", '[^' ~ letters()[1:-1] ~ '-]+', '  ') ~ " || ' '",
        '^( *(-|' ~ no_names() ~ ') )* *$')) }}
{%- endmacro %}

{#- «Эльдар оглы» as one word, Эльдар-оглы; `text` in small letters, two spaces between words. -#}
{% macro with_fathers_joined(text) -%}
    {%- set joined = namespace(sql=text) -%}
    {%- for word in ['оглы', 'оглу', 'угли', 'уулу', 'улы', 'ұлы', 'ўғли', 'кызы', 'қызы', 'гызы', 'кизи', 'қизи', 'ogly', 'oglu',
        'ugli', 'o‘g‘li', 'oʻgʻli', 'uulu', 'uly', 'kyzy', 'gyzy', 'qizi'] -%}
        {%- set joined.sql = "replace(" ~ joined.sql ~ ", '  " ~ word ~ " ', '-" ~ word ~ " ')" -%}
    {%- endfor -%}
    {{ return(joined.sql) }}
{%- endmacro %}
