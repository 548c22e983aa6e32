//! From what clocks show to instants.

use chrono::{DateTime, Duration, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

use super::hours::DAY;

/// The first instant at which clocks show `minutes` after the midnight that begins `date`, or later.
pub(super) fn edge(zone: Tz, date: NaiveDate, minutes: u16) -> DateTime<Utc> {
    let days = i64::from(minutes / DAY);
    let local = (date + Duration::days(days)).and_time(NaiveTime::MIN) + Duration::minutes((minutes % DAY).into());
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) => at.to_utc(),
        MappedLocalTime::Ambiguous(one, other) => one.min(other).to_utc(),
        MappedLocalTime::None => after_gap(zone, local),
    }
}

/// The instant at which clocks are put forward over `local`.
fn after_gap(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let offset = |at: NaiveDateTime| i64::from(zone.offset_from_utc_datetime(&at).fix().local_minus_utc());
    // the longest gap there ever was is a day: two days earlier the old offset holds
    let old = offset(local - Duration::hours(48));
    let (mut before, mut after) = (local - Duration::hours(48), local - Duration::seconds(old));
    while after - before > Duration::seconds(1) {
        let middle = before + Duration::seconds((after - before).num_seconds() / 2);
        if offset(middle) == old { before = middle } else { after = middle }
    }
    after.and_utc()
}
