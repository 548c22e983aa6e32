//! Sums and measurements of working time: 1,000,000 of each, of 1 to 49 hours from instants over a year. Seconds of CPU
//! time, which other work on the machine changes little; reading and laying out a calendar is by the clock.
//!
//! `cargo bench --bench calendar [-- SUMS]`
//!
//! For comparison, measured with another driver on this machine for the same sums by a calendar of Monday to Friday, 9 to
//! 18, in Berlin (notes/service.md, section 5): ule-hours 0.1.2 0.77 s, workclock 0.1.4 2.9 s.

use std::hint::black_box;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use tend::calendar::business::shipped::SHIPPED;
use tend::calendar::business::{Calendar, Pause};

const BERLIN: &str = "zone = \"Europe/Berlin\"\n[hours]\nmonday-friday = [\"09:00-18:00\"]\n";
const NIGHTS: &str = "zone = \"Australia/Lord_Howe\"\n[hours]\n\
    monday-thursday = [\"06:00-11:30\", \"12:15-14:00\", \"22:00-04:00+1\"]\nsaturday = [\"08:00-24:00\"]\n";

/// Seconds this thread has been at work.
fn cpu() -> f64 {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    spent.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).expect("nanoseconds") / 1e9
}

fn main() {
    let sums = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000_000_u64);
    let cn = SHIPPED.iter().find(|(name, _)| *name == "cn").expect("cn is shipped").1;
    println!("{sums} sums and measurements each, seconds");
    println!("{:<10}{:>12}{:>12}{:>12}{:>12}{:>12}", "calendar", "read", "laid out", "add", "3 pauses", "measure");
    for (name, text) in [("berlin", BERLIN), ("cn", cn), ("nights", NIGHTS)] {
        let begun = Instant::now();
        let calendar = Calendar::read(name, text).expect("the calendar is right");
        let read = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let first = "2026-01-05T08:00:00Z".parse().expect("an instant");
        calendar.is_open(first).expect("inside the data");
        let laid_out = begun.elapsed().as_secs_f64();
        let from = |at: u64| -> DateTime<Utc> {
            first + TimeDelta::seconds(i64::try_from(at * 7919 % 25_000_000).unwrap_or(0))
        };
        let secs = |at: u64| i64::try_from(3600 + at * 104_729 % (48 * 3600)).unwrap_or(0);
        let time = |work: &dyn Fn(u64)| {
            let begun = cpu();
            (0..sums).for_each(work);
            cpu() - begun
        };
        let add = time(&|at| drop(black_box(calendar.add(from(at), secs(at), &[]))));
        let paused = time(&|at| {
            let pause = |hours: i64, long: i64| {
                let begins = from(at) + TimeDelta::hours(hours);
                Pause { from: begins, to: begins + TimeDelta::minutes(long) }
            };
            drop(black_box(calendar.add(from(at), secs(at), &[pause(20, 600), pause(1, 45), pause(30, 90)])));
        });
        let measure =
            time(&|at| drop(black_box(calendar.measure(from(at), from(at) + TimeDelta::seconds(secs(at) * 4), &[]))));
        println!("{name:<10}{read:>12.4}{laid_out:>12.4}{add:>12.3}{paused:>12.3}{measure:>12.3}");
    }
}
