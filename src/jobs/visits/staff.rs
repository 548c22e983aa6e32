//! Who can go, on which days.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::Visits;
use super::place::Day;
use crate::calendar::business::{Calendar, Calendars};
use crate::engine::door::JobError;
use crate::jobs::calendars;

/// A person.
#[derive(Debug)]
pub(super) struct Person {
    pub staff_id: String,
    pub locale: Option<String>,
    pub team: Option<String>,
    calendar: Calendar,
    room: u32,
    away: Vec<(NaiveDate, NaiveDate)>,
}

/// Everybody who works here, by key.
#[derive(Debug)]
pub(super) struct Staff {
    people: BTreeMap<String, Person>,
    /// The calendar of the job.
    calendar: Calendar,
}

impl Staff {
    /// Reads who is active, with absences that touch the days from `from` on.
    pub async fn read(visits: &Visits, from: NaiveDate, conn: &mut PgConnection) -> Result<Self, JobError> {
        let calendars = calendars::load(conn).await?;
        let calendar = named(&calendars, &visits.calendar, "the job file")?;
        let rows = sqlx::query!(
            r#"select s.staff_id as "staff_id!", s.locale, s.team, s.calendar, s.daily_visits,
                      coalesce(a.froms, '{}') as "froms!: Vec<NaiveDate>", coalesce(a.untils, '{}') as "untils!: Vec<NaiveDate>"
               from crm.staff s
               left join lateral (select array_agg(a.from_day order by a.from_day) as froms, array_agg(a.until_day order by a.from_day) as untils
                                  from crm.absence a where a.staff_id = s.staff_id and a.until_day >= $1) a on true
               where s.active
               order by s.staff_id collate "C""#,
            from
        )
        .fetch_all(conn)
        .await?;
        let mut people = BTreeMap::new();
        for row in rows {
            let calendar = match &row.calendar {
                None => calendar.clone(),
                Some(name) => named(&calendars, name, &format!("crm.staff for {}", row.staff_id))?,
            };
            let room = row.daily_visits.map_or(visits.capacity, |visits| u32::try_from(visits).unwrap_or(0));
            let away = row.froms.into_iter().zip(row.untils).collect();
            let person =
                Person { staff_id: row.staff_id.clone(), locale: row.locale, team: row.team, calendar, room, away };
            people.insert(row.staff_id, person);
        }
        Ok(Self { people, calendar })
    }

    pub fn get(&self, staff_id: &str) -> Option<&Person> {
        self.people.get(staff_id)
    }

    /// The calendar of the job.
    pub fn of_job(&self) -> &Calendar {
        &self.calendar
    }

    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// The calendar of a person, or of the job where there is none.
    fn calendar(&self, staff_id: &str) -> &Calendar {
        self.get(staff_id).map_or(&self.calendar, |person| &person.calendar)
    }

    /// When the work of a day ends for a person; the end of the day where it is not worked.
    pub fn closes(&self, staff_id: &str, day: NaiveDate) -> Option<DateTime<Utc>> {
        let open = self.calendar(staff_id).day(day).ok()?.open;
        open.last().map(|(_, to)| *to)
    }
}

impl Person {
    /// Whether the person is away on a day.
    pub fn is_away(&self, day: NaiveDate) -> bool {
        self.away.iter().any(|(from, until)| (*from..=*until).contains(&day))
    }

    /// The visits a person can make on a working day.
    pub fn room(&self) -> u32 {
        self.room
    }

    /// The working days of a stretch, as far as the calendar knows them.
    pub fn days(&self, from: NaiveDate, until: NaiveDate) -> Vec<Day> {
        let days = from.iter_days().take_while(|day| *day <= until);
        let works = days.filter(|day| self.calendar.works(*day).unwrap_or(false) && !self.is_away(*day));
        works.map(|date| Day { date, room: self.room }).collect()
    }
}

/// A calendar by its name; `by` is who names it.
fn named(calendars: &Calendars, name: &str, by: &str) -> Result<Calendar, JobError> {
    let found = calendars.get(name).cloned();
    found.ok_or_else(|| {
        JobError::fail(anyhow::anyhow!("{by} names the calendar {name:?}, and there is none of that name"))
    })
}
