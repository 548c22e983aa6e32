//! Gives customers whom nobody has yet to whoever of the team has least to do.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::Visits;
use super::cycle::Per;
use super::staff::Staff;
use crate::engine::door::Run;

/// Visits a year of each tier.
fn yearly(visits: &Visits) -> Vec<u64> {
    let cycles = |per| match per {
        Per::Week => 52,
        Per::Month => 12,
        Per::Quarter => 4,
        Per::Year => 1,
    };
    visits.tiers.iter().map(|tier| u64::from(tier.cadence.visits) * cycles(tier.cadence.per)).collect()
}

/// Assigns them; how many.
pub(super) async fn assign(
    visits: &Visits,
    staff: &Staff,
    run: &Run,
    horizon: NaiveDate,
    conn: &mut PgConnection,
) -> sqlx::Result<usize> {
    let Some(team) = &visits.who.team else { return Ok(0) };
    let today = run.business_date;
    let long_away = |person: &super::staff::Person| {
        today.iter_days().take_while(|day| *day <= horizon).all(|day| person.is_away(day))
    };
    let members =
        staff.iter().filter(|person| person.team.as_ref() == Some(team) && person.room() > 0 && !long_away(person));
    let rooms: BTreeMap<&str, u64> =
        members.map(|person| (person.staff_id.as_str(), u64::from(person.room()))).collect();
    if rooms.is_empty() {
        return Ok(0);
    }
    let loads = sqlx::query!(
        r#"select staff_id as "staff_id!", level, count(*) as "customers!" from tend.visit_customer
           where job = $1 and staff_id is not null group by 1, 2"#,
        run.job
    )
    .fetch_all(&mut *conn)
    .await?;
    let yearly = yearly(visits);
    let mut loaded: BTreeMap<&str, u64> = rooms.keys().map(|staff_id| (*staff_id, 0)).collect();
    for load in &loads {
        if let (Some(sum), Some(tier)) = (loaded.get_mut(load.staff_id.as_str()), visits.tier(&load.level)) {
            *sum += yearly[tier] * u64::try_from(load.customers).unwrap_or(0);
        }
    }
    let waiting = sqlx::query!(
        r#"select customer_id, level from tend.visit_customer where job = $1 and staff_id is null
           order by array_position($2::text[], level), customer_id collate "C""#,
        run.job,
        &visits.levels()
    )
    .fetch_all(&mut *conn)
    .await?;
    // as a share of what each can do; a million parts are fine enough
    let share = |sum: u64, staff_id: &str| sum * 1_000_000 / rooms[staff_id];
    let mut least: BinaryHeap<Reverse<(u64, &str)>> =
        loaded.iter().map(|(staff_id, sum)| Reverse((share(*sum, staff_id), *staff_id))).collect();
    let (mut customers, mut people) = (Vec::with_capacity(waiting.len()), Vec::with_capacity(waiting.len()));
    for one in waiting {
        let (Some(Reverse((_, staff_id))), Some(tier)) = (least.pop(), visits.tier(&one.level)) else { continue };
        let sum = loaded.entry(staff_id).or_default();
        *sum += yearly[tier];
        least.push(Reverse((share(*sum, staff_id), staff_id)));
        customers.push(one.customer_id);
        people.push(staff_id.to_owned());
    }
    sqlx::query!(
        "update tend.visit_customer v set staff_id = n.staff_id
         from unnest($2::text[], $3::text[]) as n (customer_id, staff_id)
         where v.job = $1 and v.customer_id = n.customer_id",
        run.job,
        &customers,
        &people
    )
    .execute(conn)
    .await?;
    Ok(customers.len())
}
