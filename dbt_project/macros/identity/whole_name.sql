{#-
  The field in which a record of int_profiles tells several names as one text, NULL where each has its own: the whole name of a form with
  one field, and the field of the first or the last name if more than a word stands in it. int_identity_names reads it.
-#}
{% macro whole_name() -%}
    {%- set several = '[' ~ any_letter() ~ '][^' ~ in_names() ~ ']+[' ~ any_letter() ~ ']' -%}
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
    {{ return('(ovich|evich|^(il|kuzm|luk|fom|nikit|sav|ivan|stepan|mihal|pal|san|aleksan|maksim|roman|semen|vasil|danil|kiril|anton|serge'
        ~ '|alekse|andre|nikola|timofe|matve|moise|egor|igor|viktor|dmitr|evgen|genad|valer|vital|anatol|grigor|arkad|iur|iakovl|vladimir'
        ~ '|boris|oleg|leonid|konstantin|fedor|artem|denis|zahar|makar|nazar|taras|efim|gavril|eduard)ich|ovna|evna|ichna|[oe]gli|[oe]glu|ugli|uulu|[^ ]{4}uli|kizi|gizi)$') }}
{%- endmacro %}

{#- What stands inside a word of a name, inside the brackets of a class: letters, the marks of й and ё where they are written as signs of their own,
    apostrophes, a hyphen. -#}
{% macro in_names() -%}{{ return(any_letter() ~ "̆̈''‘’ʻʼʹ`-") }}{%- endmacro %}

{#- Words of a name and what stands between them, without signs: «Анна 🌸» is Анна. -#}
{% macro without_signs(name) -%}{{ return(replace_all(name, '[^ .' ~ in_names() ~ ']+', ' ')) }}{%- endmacro %}

{#- What stands where a name is asked for and is none: titles, who somebody is to somebody, where a record comes from. -#}
{% macro no_names() -%}
    {{ return('(ип|чп|индивидуальный|предприниматель|самозанят(ый|ая)|гр|граждан(ин|ка)|г-н|г-жа|госпо(дин|жа)|д-р|mr|mrs|ms|miss|dr|vip|вип'
        ~ '|клиент(ка)?|покупатель(ница)?|гость|аноним(ный)?|пользователь|абонент|контакт|неизвестн(ый|ая|о)|неавторизованный|без|нет|нету|не'
        ~ '|указан[аоы]?|имен[иь]|имя|фамили[ия]|отчеств[оа]|фио|данных|розничный|оптовый|физ(ическое)?|юр(идическое)?|частн(ое|ый)|лиц[оа]'
        ~ '|физлицо|юрлицо|мама|папа|муж|жена|брат|сестра|сын|дочь|дочка|бабушка|дедушка|тетя|тётя|дядя|подруга|друг|младший|старший|мл|ст'
        ~ '|заявка|заказ|с  сайта|сайт|сайта|магазин|курьер|доставка|самовывоз|онлайн|телефон|тест|входящий|исходящий|звонок|представил(ся|ась)'
        ~ '|новый  (клиент|покупатель|пользователь|контакт|заказ)|отсутствует|неизвестен|опт|розница|фл|юл|озон|авито|вк|ватсап|вайбер|телеграм'
        ~ '|wb|ozon|avito|vk|whatsapp|viber|telegram|instagram|client|customer|guest|user|unknown|anonymous|noname|none|null|name|test)') }}
{%- endmacro %}

{#- Whether a field of a name tells none: «нет», «Не указано», «Клиент 17», «—». -#}
{% macro tells_no_name(field) -%}
    {{ return(matches("' ' || " ~ replace_all("lower(" ~ field ~ ")", '[^' ~ in_names() ~ ']+', '  ') ~ " || ' '",
        '^( *(-|' ~ no_names() ~ ') )* *$')) }}
{%- endmacro %}

{#- «Эльдар оглы» as one word, Эльдар-оглы; `text` in small letters, two spaces between words. -#}
{% macro with_fathers_joined(text) -%}
    {%- set joined = namespace(sql=text) -%}
    {%- for word in ['оглы', 'оглу', 'угли', 'уулу', 'улы', 'ұлы', 'ўғли', 'кызы', 'қызы', 'гызы', 'кизи', 'қизи', 'ogly', 'oglu',
        'ugli', 'o‘g‘li', 'oʻgʻli', "o''g''li", 'uulu', 'uly', 'kyzy', 'gyzy', 'qizi'] -%}
        {%- set joined.sql = "replace(" ~ joined.sql ~ ", '  " ~ word ~ " ', '-" ~ word ~ " ')" -%}
    {%- endfor -%}
    {{ return(joined.sql) }}
{%- endmacro %}

{#- Whether a key ends as surnames do. -#}
{% macro surname_endings() -%}
    {{ return('(ov|ev|in|ova|eva|ina|ski|cki|skaia|ckaia|ko|uk|ian|dze|shvili|ih|ogo|ich|iak|man|berg)$') }}
{%- endmacro %}
