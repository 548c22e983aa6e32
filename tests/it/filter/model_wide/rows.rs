//! A person of the model as rows.

use chrono::TimeDelta;

use super::{LEVELS, Person};
use crate::filter::as_of;

impl Person {
    pub(super) fn insert(&self) -> String {
        let id = self.id;
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let maybe = |text: Option<&str>| text.map_or_else(|| "null".to_owned(), quoted);
        let at = |ago: &i64| format!("'{}'", (as_of() - TimeDelta::hours(*ago)).to_rfc3339());
        let (month, day) = self.birthday.unzip();
        let number = |number: Option<u32>| number.map_or_else(|| "null".to_owned(), |number| number.to_string());
        let tags = self.tags.iter().map(|tag| quoted(tag)).collect::<Vec<_>>().join(", ");
        let (name, created) = (quoted(self.name), self.created.to_rfc3339());
        let (month, day) = (number(month), number(day));
        let mut sql = format!(
            "insert into crm.customer (customer_id, name, tags, birthday_month, birthday_day, created_at) values ('{id}', {name}, array[{tags}]::text[], {month}, {day}, '{created}');"
        );
        for (n, one) in self.contacts.iter().enumerate() {
            let (at, kind, channel) = (at(&one.ago), quoted(one.kind), maybe(one.channel));
            sql.push_str(&format!("insert into crm.interaction (customer_id, interaction_id, at, kind, direction, channel) values ('{id}', '{n}', {at}, {kind}, '{}', {channel});", one.direction));
        }
        for (n, (ago, amount, status, channel)) in self.orders.iter().enumerate() {
            let (at, channel) = (at(ago), maybe(*channel));
            sql.push_str(&format!("insert into crm.orders (customer_id, order_id, placed_at, amount, status, channel) values ('{id}', '{id}-{n}', {at}, {amount}, '{status}', {channel});"));
        }
        for (n, (opened, solved)) in self.tickets.iter().enumerate() {
            let (at, solved) = (at(opened), solved.as_ref().map_or_else(|| "null".to_owned(), at));
            sql.push_str(&format!("insert into crm.ticket (ticket_id, customer_id, opened_at, solved_at) values ('{id}-{n}', '{id}', {at}, {solved});"));
        }
        for (n, (ago, from, to)) in self.moves.iter().enumerate() {
            let (at, direction) = (at(ago), if to < from { "rose" } else { "fell" });
            sql.push_str(&format!("insert into tend.ladder_move (customer_id, ladder, run_id, at, from_level, to_level, direction, reason) values ('{id}', 'value-tiers', {n}, {at}, '{}', '{}', '{direction}', '{{}}');", LEVELS[*from], LEVELS[*to]));
        }
        for (ago, channel, granted) in &self.consents {
            let at = at(ago);
            sql.push_str(&format!("insert into crm.consent (customer_id, channel, recorded_at, granted) values ('{id}', '{channel}', {at}, {granted});"));
        }
        sql
    }
}
