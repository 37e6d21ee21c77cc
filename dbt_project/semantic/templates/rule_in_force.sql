(select cast(value as double) from marts.parameters where name = '{name}')
