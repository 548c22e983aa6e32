//! Customers of the tests.

use std::fmt::Write as _;

use crate::support::World;

/// A customer to be: active, with a mail address, consent to mail, in Shanghai, unless told otherwise.
#[derive(Clone)]
pub struct Person {
    id: String,
    columns: Vec<(&'static str, String)>,
    consents: Vec<(&'static str, bool)>,
    tier: Option<&'static str>,
}

impl Person {
    /// Someone without a birthday.
    pub fn new(id: &str) -> Self {
        let text = |value: &str| format!("'{}'", value.replace('\'', "''"));
        let columns = vec![
            ("customer_id", text(id)),
            ("name", text(id)),
            ("email", text(&format!("{id}@example.com"))),
            ("locale", text("zh-CN")),
            ("timezone", text("Asia/Shanghai")),
        ];
        Self { id: id.into(), columns, consents: vec![("email", true)], tier: None }
    }

    /// Someone born on that day of any year.
    pub fn born(id: &str, month: u8, day: u8) -> Self {
        Self::new(id).set("birthday_month", month).set("birthday_day", day)
    }

    /// Someone with a lunar birthday.
    pub fn lunar(id: &str, month: u8, day: u8) -> Self {
        Self::born(id, month, day).set("birthday_calendar", "'lunar'")
    }

    /// A column of `crm.customer`, as SQL.
    pub fn set(mut self, column: &'static str, sql: impl ToString) -> Self {
        self.columns.retain(|(name, _)| *name != column);
        self.columns.push((column, sql.to_string()));
        self
    }

    /// With a phone, and consent to text messages.
    pub fn phone(self, number: &str) -> Self {
        self.set("phone", format!("'{number}'")).consent("sms", true)
    }

    /// The customer's newest word on a channel.
    pub fn consent(mut self, channel: &'static str, granted: bool) -> Self {
        self.consents.push((channel, granted));
        self
    }

    /// Never asked.
    pub fn without_consent(mut self) -> Self {
        self.consents.clear();
        self
    }

    /// The level on the ladder `value-tiers`.
    pub fn tier(mut self, level: &'static str) -> Self {
        self.tier = Some(level);
        self
    }

    fn sql(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        let values: Vec<_> = self.columns.iter().map(|(_, value)| value.as_str()).collect();
        let mut sql = format!("insert into crm.customer ({}) values ({});", names.join(", "), values.join(", "));
        for (place, (channel, granted)) in self.consents.iter().enumerate() {
            let _ = write!(
                sql,
                "insert into crm.consent (customer_id, channel, recorded_at, granted, source)
                 values ('{}', '{channel}', timestamptz '2020-01-01 00:00Z' + {place} * interval '1 day', {granted}, 'form');",
                self.id
            );
        }
        if let Some(tier) = self.tier {
            let _ = write!(
                sql,
                "insert into tend.ladder_state (customer_id, ladder, level, since, run_id, reason)
                 values ('{}', 'value-tiers', '{tier}', '2020-01-01 00:00Z', 1, '{{}}');",
                self.id
            );
        }
        sql
    }
}

/// Makes them customers.
pub async fn come(world: &World, people: impl IntoIterator<Item = Person>) {
    let sql: String = people.into_iter().map(|person| person.sql()).collect();
    world.sql(&sql).await;
}

/// Who got a message, what for, how: customer, occasion, its day, offer, channel, language, first instant in the customer's zone, zone.
pub async fn queued(world: &World) -> Vec<String> {
    world
        .rows(
            "select m.customer_id, m.occasion, o.occurs_on, m.data -> 'offer' ->> 'name' as offer, m.channel, m.locale,
                    to_char(m.not_before at time zone m.zone, 'YYYY-MM-DD HH24:MI') as local, m.zone
             from tend.outbox m
             join tend.occasion o using (job, customer_id, occasion, step)
             order by m.customer_id collate \"C\", m.occasion",
        )
        .await
        .iter()
        .map(|line| line.replace('\t', " "))
        .collect()
}

/// Who got none, and why.
pub async fn refused(world: &World) -> Vec<String> {
    world
        .rows("select customer_id, occasion, reason from tend.decision order by customer_id collate \"C\", occasion, reason")
        .await
        .iter()
        .map(|line| line.replace('\t', " "))
        .collect()
}

/// Customers with a message, and those without one by reason, in one line.
pub async fn outcome(world: &World) -> String {
    let queued = world.rows("select customer_id from tend.outbox order by customer_id collate \"C\"").await.join(" ");
    let refused = world
        .rows("select customer_id || ':' || reason from tend.decision order by customer_id collate \"C\", reason")
        .await
        .join(" ");
    format!("{queued} | {refused}")
}
