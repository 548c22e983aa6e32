//! What customers do: orders, contacts, tickets. Each customer's history is one stream that only the day cuts off, so
//! that a later day adds to what is there.

use std::fmt::Write as _;

use chrono::{Days, NaiveDate};

use super::Company;
use super::dice::Dice;
use super::people::{STAFF, customer_id, joined};

pub(super) const ORDER_HEADER: &str = "order_id,customer_id,placed_at,amount,currency,status,channel,product_id";
pub(super) const INTERACTION_HEADER: &str = "interaction_id,customer_id,at,kind,direction,channel,staff_id,note";
pub(super) const TICKET_HEADER: &str =
    "ticket_id,customer_id,opened_at,kind,topic,urgency,channel,state,assignee_id,solved_at,closed_at,subject";

pub(super) const VIEW_HEADER: &str = "view_id,customer_id,at,product_id,channel";

/// How a customer buys: days between orders on average, cents of an ordinary order, and how many days until the
/// customer is lost (none: stays).
struct Habit {
    every: u64,
    cents: u64,
    stays: Option<u64>,
    /// Days between contacts on average, for those a company looks after.
    met: Option<u64>,
}

/// One in a hundred is a firm, another one collects: these are looked after. Of the others a tenth brings about half of
/// the money, a fifth never buys or once.
fn habit(dice: &mut Dice) -> Option<Habit> {
    let stays = dice.in_thousand(350).then(|| 60 + dice.below(700));
    let (every, cents, met) = match dice.below(100) {
        0 => (10 + dice.below(12), 150_000 + dice.below(350_000), Some(40)),
        1 => (15 + dice.below(15), 90_000 + dice.below(110_000), Some(60)),
        2..=9 => (20 + dice.below(15), 20_000 + dice.below(60_000), None),
        10..=39 => (50 + dice.below(50), 10_000 + dice.below(20_000), None),
        40..=79 => (120 + dice.below(200), 5_000 + dice.below(15_000), None),
        80..=91 => return Some(Habit { every: 5_000, cents: 4_000 + dice.below(20_000), stays: None, met: None }),
        _ => return None,
    };
    Some(Habit { every, cents, stays, met })
}

/// Adds the orders of one customer before `until`.
pub(super) fn orders(company: &Company, number: u64, until: NaiveDate, out: &mut String) {
    let mut dice = Dice::new(company.seed, number, "orders");
    let Some(habit) = habit(&mut dice) else {
        return regular(company, number, until, &mut dice, out);
    };
    let first = joined(company, number);
    let last = habit.stays.map_or(until, |days| until.min(first + Days::new(days)));
    let mut day = first + Days::new(dice.below(30));
    for order in 1_u32.. {
        if day >= last {
            return;
        }
        let cents = habit.cents * (30 + dice.below(140)) / 100;
        let minute = 9 * 60 + dice.below(13 * 60);
        let status = if dice.in_thousand(30) {
            "refunded"
        } else if dice.in_thousand(20) {
            "cancelled"
        } else {
            "paid"
        };
        let channel = dice.one(&["shop", "app", "app", "web"]);
        let _ = writeln!(
            out,
            "{id}-{order:04},{id},{day}T{:02}:{:02}:00+08:00,{}.{:02},CNY,{status},{channel},P{:03}",
            minute / 60,
            minute % 60,
            cents / 100,
            cents % 100,
            1 + dice.below(200),
            id = customer_id(number),
        );
        day = day + Days::new(dice.wait(habit.every));
    }
}

/// Half of those who buy nothing else come for a coffee at the same hour of the week, most weeks, for half a year at a
/// time.
fn regular(company: &Company, number: u64, until: NaiveDate, dice: &mut Dice, out: &mut String) {
    if dice.in_thousand(500) {
        return;
    }
    let hour = dice.one(&[8, 10, 10, 12, 15, 17]);
    let mut day = joined(company, number) + Days::new(dice.below(200));
    let mut coffee = 0_u32;
    while day < until {
        for week in 0..26 {
            let at = day + Days::new(week * 7);
            if at < until && dice.in_thousand(850) {
                coffee += 1;
                let _ = writeln!(
                    out,
                    "{id}-L{coffee:03},{id},{at}T{hour:02}:{:02}:00+08:00,32.00,CNY,paid,shop,P{:03}",
                    5 + dice.below(50),
                    201 + number % 3,
                    id = customer_id(number),
                );
            }
        }
        day = day + Days::new(26 * 7 + 28 + dice.below(150));
    }
}

/// Adds what one customer looked at before `until`: now and then one product, sometimes the same one day after day.
pub(super) fn views(company: &Company, number: u64, until: NaiveDate, out: &mut String) {
    let mut dice = Dice::new(company.seed, number, "views");
    if dice.in_thousand(400) {
        return;
    }
    let every = 30 + dice.below(150);
    let mut day = joined(company, number) + Days::new(dice.below(60));
    let mut view = 0_u32;
    while day < until {
        let product = 1 + dice.below(200);
        let times = if dice.in_thousand(120) { 3 + dice.below(3) } else { 1 };
        for again in 0..times {
            let (at, minute, channel) =
                (day + Days::new(again), 12 * 60 + dice.below(10 * 60), dice.one(&["app", "web"]));
            view += 1;
            if at < until {
                let _ = writeln!(
                    out,
                    "V{id}-{view:04},{id},{at}T{:02}:{:02}:00+08:00,P{product:03},{channel}",
                    minute / 60,
                    minute % 60,
                    id = customer_id(number),
                );
            }
        }
        day = day + Days::new(times + dice.wait(every));
    }
}

/// Adds the contacts of one customer before `until`.
pub(super) fn interactions(company: &Company, number: u64, until: NaiveDate, out: &mut String) {
    let mut dice = Dice::new(company.seed, number, "interactions");
    let met = habit(&mut Dice::new(company.seed, number, "orders")).and_then(|habit| habit.met);
    let every = met.unwrap_or(150 + dice.below(600));
    let mut day = joined(company, number) + Days::new(dice.below(90));
    for contact in 1_u32.. {
        if day >= until {
            return;
        }
        let (kind, direction, channel) = dice.one(&[
            ("enquiry", "in", "chat"),
            ("enquiry", "in", "phone"),
            ("reply", "in", "email"),
            ("participation", "in", "app"),
            ("visit", "out", "shop"),
            ("complaint", "in", "phone"),
        ]);
        let _ = writeln!(
            out,
            "I{id}-{contact:03},{id},{day}T{:02}:30:00+08:00,{kind},{direction},{channel},S{:02},",
            9 + dice.below(9),
            1 + dice.below(STAFF),
            id = customer_id(number),
        );
        day = day + Days::new(dice.wait(every));
    }
}

/// Adds the bad weeks of one customer before `until`: a few have them now and then, and then complain and ask every few
/// days until it is over.
pub(super) fn troubles(company: &Company, number: u64, until: NaiveDate, out: &mut String) {
    let mut dice = Dice::new(company.seed, number, "troubles");
    if !dice.in_thousand(80) {
        return;
    }
    let mut day = joined(company, number) + Days::new(dice.below(250));
    for contact in 1_u32.. {
        if day >= until {
            return;
        }
        let (kind, channel, note) = dice.one(&[
            ("complaint", "phone", "包裹又晚到了"),
            ("complaint", "chat", "The refund has not arrived"),
            ("complaint", "phone", "退换货没有人回复"),
            ("enquiry", "chat", "Where is my parcel?"),
            ("enquiry", "phone", "什么时候能修好？"),
        ]);
        let _ = writeln!(
            out,
            "I{id}-T{contact:03},{id},{day}T{:02}:15:00+08:00,{kind},in,{channel},S{:02},{note}",
            9 + dice.below(9),
            1 + dice.below(STAFF),
            id = customer_id(number),
        );
        let over = dice.in_thousand(200);
        day = day + Days::new(if over { 150 + dice.below(250) } else { 2 + dice.below(9) });
    }
}

/// Adds the questions of one customer about upgrading before `until`: who asks, asks again some weeks later.
pub(super) fn wishes(company: &Company, number: u64, until: NaiveDate, out: &mut String) {
    let mut dice = Dice::new(company.seed, number, "wishes");
    if !dice.in_thousand(40) {
        return;
    }
    let mut day = joined(company, number) + Days::new(dice.below(300));
    for wish in 1_u32.. {
        if day >= until {
            return;
        }
        let channel = dice.one(&["chat", "phone", "app"]);
        let _ = writeln!(
            out,
            "I{id}-U{wish:03},{id},{day}T11:20:00+08:00,upgrade_enquiry,in,{channel},S{:02},",
            1 + dice.below(STAFF),
            id = customer_id(number),
        );
        let wait = if wish.is_multiple_of(2) { 200 + dice.below(300) } else { 7 + dice.below(35) };
        day = day + Days::new(wait);
    }
}

/// A ticket of the company.
struct Ticket {
    number: u32,
    day: NaiveDate,
    about: (&'static str, &'static str, &'static str),
    urgency: &'static str,
    channel: &'static str,
    assignee: u64,
    solved: NaiveDate,
}

/// The tickets of one customer before `until`.
fn each_ticket(company: &Company, number: u64, until: NaiveDate, mut with: impl FnMut(Ticket)) {
    let mut dice = Dice::new(company.seed, number, "tickets");
    if !dice.in_thousand(300) {
        return;
    }
    let mut day = joined(company, number) + Days::new(dice.below(400));
    for ticket in 1_u32.. {
        if day >= until {
            return;
        }
        let about = dice.one(&[
            ("request", "product", "尺码咨询"),
            ("request", "delivery", "Where is my parcel?"),
            ("complaint", "service", "等待时间太长"),
            ("complaint", "delivery", "包裹破损"),
            ("complaint", "product", "The colour is not as shown"),
        ]);
        let urgency = if dice.in_thousand(150) { "urgent" } else { "normal" };
        let channel = dice.one(&["chat", "phone", "app", "social", "email"]);
        let assignee = 1 + dice.below(STAFF);
        let solved = day + Days::new(dice.below(12));
        with(Ticket { number: ticket, day, about, urgency, channel, assignee, solved });
        day = day + Days::new(dice.wait(400));
    }
}

/// Adds the tickets of one customer before `until`; what is solved later is still open.
pub(super) fn tickets(company: &Company, number: u64, until: NaiveDate, out: &mut String) {
    each_ticket(company, number, until, |ticket| {
        let Ticket { number: n, day, about: (kind, topic, subject), urgency, channel, assignee, solved } = ticket;
        let (state, solved_at) =
            if solved < until { ("closed", format!("{solved}T17:45:00+08:00")) } else { ("open", String::new()) };
        let _ = writeln!(
            out,
            "T{id}-{n:02},{id},{day}T10:15:00+08:00,{kind},{topic},{urgency},{channel},{state},S{assignee:02},\
             {solved_at},{solved_at},{subject}",
            id = customer_id(number),
        );
    });
}

pub(super) const TICKET_EVENT_HEADER: &str = "ticket_id,event_id,at,kind,value,by_id";

/// Adds what happened to these tickets before `until`: opened, assigned, answered, closed.
pub(super) fn ticket_events(company: &Company, number: u64, until: NaiveDate, out: &mut String) {
    let mut dice = Dice::new(company.seed, number, "ticket events");
    each_ticket(company, number, until, |ticket| {
        let Ticket { number: n, day, assignee, solved, .. } = ticket;
        let id = format!("T{}-{n:02}", customer_id(number));
        let (taken, answered) = (16 + dice.below(20), dice.below(45));
        let _ = writeln!(out, "{id},1,{day}T10:15:00+08:00,opened,,");
        let _ = writeln!(out, "{id},2,{day}T10:{taken}:00+08:00,assigned,S{assignee:02},S{assignee:02}");
        let _ = writeln!(out, "{id},3,{day}T11:{answered:02}:00+08:00,agent_message,,S{assignee:02}");
        if solved < until {
            let _ = writeln!(out, "{id},4,{solved}T17:45:00+08:00,state,closed,S{assignee:02}");
        }
    });
}
