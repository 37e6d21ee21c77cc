-- The fields that staging's contracts read, as the manifest notes them; `is_whole` with all that stands below. One row per list and path.
{% set contracts = [] -%}
{% if execute -%}
{% for node in graph.nodes.values() | sort(attribute='unique_id') if node.config.meta and node.config.meta.get('reads') -%}
{% do contracts.append(node.config.meta.reads) -%}
{% endfor -%}
{% endif -%}
with

contracts as (
    select source_system, resource, field_path, is_whole
    from (
        values
        ('', '', '', false)
        {%- for contract in contracts %}
        {%- for path, whole in contract.paths %},
        ('{{ contract.vendor }}', '{{ contract.resource }}', {{ dbt.string_literal(dbt.escape_single_quotes(path)) }}, {{ whole }})
        {%- endfor %}
        {%- endfor %}
    ) as fields (source_system, resource, field_path, is_whole)
)

select source_system, resource, field_path, max(is_whole) as is_whole
from contracts
where source_system <> ''
group by source_system, resource, field_path
