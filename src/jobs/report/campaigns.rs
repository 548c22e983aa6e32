//! Figures about campaigns, out of the room that counts their effects: of messages whose time to act ended in a period, so
//! that nothing that still runs is judged, and each message belongs to one period.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;
use sqlx::PgConnection;

use super::judge::Rows;
use super::period::Period;
use super::review::{Measured, PartName};
use crate::jobs::effects::{self, Effects, Goals, Lift};

/// The effects of all campaigns in the periods asked about so far: each is counted once for all figures.
#[derive(Debug, Default)]
pub struct Campaigns {
    periods: BTreeMap<String, Vec<Effects>>,
}

impl Campaigns {
    /// A figure about campaigns in a period.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn measure(
        &mut self,
        conn: &mut PgConnection,
        figure: &str,
        period: &Period,
        lag: TimeDelta,
    ) -> sqlx::Result<Rows> {
        if !self.periods.contains_key(&period.name) {
            let effects = ask(conn, period, lag).await?;
            self.periods.insert(period.name.clone(), effects);
        }
        Ok(rows(figure, &self.periods[&period.name]))
    }
}

async fn ask(conn: &mut PgConnection, period: &Period, lag: TimeDelta) -> sqlx::Result<Vec<Effects>> {
    let goals = Goals::in_force(&mut *conn).await?;
    let mut found = Vec::new();
    for job in goals.campaigns() {
        let within = goals.of(job).goal.within.as_delta();
        let about = effects::Period {
            from: period.from - within,
            to: period.until - within,
            as_of: period.until + lag,
            timezone: period.timezone,
        };
        found.push(effects::of_job(&mut *conn, job, &about, &goals).await?);
    }
    Ok(found)
}

fn rows(figure: &str, campaigns: &[Effects]) -> Rows {
    let mut rows = Rows::default();
    let mut whole: Option<Measured> = None;
    for campaign in campaigns {
        let Some(one) = one(figure, campaign) else { continue };
        let name = PartName { by: "job".to_owned(), name: campaign.job.clone() };
        whole = Some(match whole {
            None => one,
            Some(sum) => together(&sum, &one),
        });
        rows.parts.insert(name, one);
    }
    rows.whole = whole;
    rows
}

/// The figure of one campaign; none without cases.
fn one(figure: &str, campaign: &Effects) -> Option<Measured> {
    let over = &campaign.over.figures;
    let share = |hits: i64| {
        (over.arrived > 0).then(|| {
            let (hits, cases) = (Decimal::from(hits), Decimal::from(over.arrived));
            Measured { value: Some((hits / cases).round_dp(6).normalize()), hits: Some(hits), cases: over.arrived }
        })
    };
    match figure {
        "participation" => share(over.participated),
        "conversion" => share(over.reached_goal),
        _ => campaign.lift.as_ref().and_then(lifted),
    }
}

/// In percentage points; it rests on those who were written to.
fn lifted(lift: &Lift) -> Option<Measured> {
    let difference = lift.in_touch.as_ref().or(lift.bought.as_ref())?;
    let value = Decimal::from_f64(difference.found * 100.0)?.round_dp(6).normalize();
    let cases = lift.messaged.customers;
    Some(Measured { value: Some(value), hits: Some(value * Decimal::from(cases)), cases })
}

/// Both as one, each by its cases.
fn together(one: &Measured, other: &Measured) -> Measured {
    let hits = one.hits.unwrap_or_default() + other.hits.unwrap_or_default();
    let cases = one.cases + other.cases;
    Measured { value: Some((hits / Decimal::from(cases)).round_dp(6).normalize()), hits: Some(hits), cases }
}
