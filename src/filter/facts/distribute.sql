-- distribute: hands every noted change to those who want to know of it, and deletes exactly what it has read.
with taken as (
    delete from tend.change returning customer_id, about
)
insert into tend.touched (customer_id, reader)
select distinct taken.customer_id, reader.reader
from taken join tend.change_reader as reader on taken.about = any (reader.about)
on conflict do nothing
