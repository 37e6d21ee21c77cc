-- Where the links lead when nothing stops them; the component is named by its oldest record. One row per linked profile.
{{ linked_components(ref('int_identity_links__numbered')) }}
