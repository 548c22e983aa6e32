//! How effects are counted, in words: a figure whose definition is not known means nothing.

use super::{Effects, Overview, words};
use crate::jobs::message::Event;

const CREDIT: &str = "An order is credited once over all jobs that sell: to the last message before it in whose time it falls; of two at the same \
moment to the one with the higher number. Cancelled and refunded orders count nowhere.";
const ARRIVED: &str = "Arrived: taken by the provider or delivered; what came back is not among them. A message counts from the moment it was handed over.";
const SURE: &str = "95% sure: if all of this happened a hundred times, the true difference would be between the limits about 95 times. Where they hold \
zero nothing can be said. (Shares: Newcombe's interval; money: from the interval of each mean on the scale of ratios.)";
const FAIR: &str = "With and without: those who were to have the message, whether it arrived or not, against those drawn to get none. The time of both \
begins when the message was to go. All their paid orders in that time count, credited or not. A customer counts once: several occasions of \
one are laid together.";

impl Effects {
    pub(super) fn notes(&self) -> Vec<String> {
        let within = words::length(self.goal.within);
        let or = match self.goal.event {
            Event::Order => ", or bought",
            Event::Interaction => ", or got in touch",
            Event::Answer => "",
        };
        let mut notes = vec![
            ARRIVED.to_owned(),
            format!(
                "What followed: later than the message, and not later than {within} after it (a day is 24 hours). Messages whose time is not over are \
                 counted apart."
            ),
            format!(
                "Taken up: the customer answered, accepted the invitation, replied other than by STOP, took part or came{or}. Whether a coupon was \
                 used, orders do not tell."
            ),
        ];
        if self.goal.event == Event::Order {
            notes.push(CREDIT.to_owned());
        }
        if self.lift.is_some() {
            notes.extend([FAIR.to_owned(), SURE.to_owned()]);
        }
        notes.extend(currencies(&self.currencies));
        notes
    }
}

impl Overview {
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            ARRIVED.to_owned(),
            "Figures are of messages whose time is over, by the goal of each job; `tend effects JOB` shows one job, with what it counts by.".to_owned(),
            CREDIT.to_owned(),
        ];
        if self.jobs.iter().any(|job| job.lift.is_some()) {
            notes.extend([FAIR.to_owned(), SURE.to_owned()]);
        }
        notes.extend(currencies(&self.currencies()));
        notes
    }
}

fn currencies(currencies: &[String]) -> Option<String> {
    (currencies.len() > 1)
        .then(|| format!("Amounts in {} are added up as they are, without conversion.", currencies.join(", ")))
}
