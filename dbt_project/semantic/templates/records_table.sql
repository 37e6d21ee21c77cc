{{{{ config(database='relations') }}}}
-- Generated from semantic/drills/{name}.sql. The records behind the mart, with its dimensions and what is told over them anew.
{query}
