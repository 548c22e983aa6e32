//! The report as a page.

use super::{Report, coupons, what};
use crate::engine::door::JobError;
use crate::jobs::layout::count;
use crate::jobs::page::tables::{self, Table, Tile};

impl Report<'_> {
    pub(super) fn page(&self) -> Result<String, JobError> {
        let refused = self.refused.iter().map(|refused| refused.customers).sum();
        let outside = self.outside.iter().map(|outside| outside.customers).sum();
        let tiles = [
            (self.queued(), "to be sent"),
            (refused, "refused"),
            (self.had_before, "had before"),
            (outside, "not in the audience"),
        ];
        let tiles = tiles.map(|(customers, words)| Tile::new(customers, words));
        let tables = [self.offers(), self.coupons(), self.people(), self.refusals(), self.outsiders(), self.unknown()];
        tables::render(format!("Messages of {}", self.run.job), self.run, &tiles, &tables)
    }

    fn offers(&self) -> Table {
        let rows = self.groups.iter().map(|group| {
            let what = what(&group.offer, &group.step);
            vec![count(group.customers), what, group.channel.clone(), group.locale.clone()]
        });
        Table {
            heading: "Who gets what",
            caption: "",
            columns: ["customers", "offer", "channel", "language"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
            figures: true,
        }
    }

    fn coupons(&self) -> Table {
        let (columns, rows) = coupons::rows(&self.coupons);
        Table {
            heading: "Coupon codes",
            caption: "Taken by this run, and left behind it.",
            columns: columns.into_iter().map(str::to_owned).collect(),
            rows,
            figures: true,
        }
    }

    fn people(&self) -> Table {
        let rows = self.samples.iter().map(|sample| {
            let at = format!("{} {}", sample.local_time.format("%Y-%m-%d %H:%M"), sample.zone);
            let (who, day) = (sample.customer_id.clone(), sample.occurs_on.to_string());
            vec![who, sample.name.clone(), day, what(&sample.offer, &sample.step), sample.channel.clone(), at]
        });
        Table {
            heading: "For example",
            caption: "",
            columns: ["customer", "name", "day", "offer", "channel", "not before"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
            figures: false,
        }
    }

    fn refusals(&self) -> Table {
        let rows = self.refused.iter().map(|refused| {
            let samples = refused.samples.as_array().into_iter().flatten();
            let ids: Vec<_> = samples.filter_map(|sample| sample["customer_id"].as_str()).collect();
            vec![count(refused.customers), refused.words(), ids.join(", ")]
        });
        Table {
            heading: "Who gets none, and why",
            caption: "They have the occasion, and yet there is no message for them.",
            columns: ["customers", "why", "for example"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
            figures: true,
        }
    }

    fn outsiders(&self) -> Table {
        let rows = self.outside.iter().map(|outside| vec![count(outside.customers), outside.condition.clone()]);
        Table {
            heading: "Who was not meant",
            caption: "They are not in the audience: the condition does not hold for them.",
            columns: ["customers", "condition"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
            figures: true,
        }
    }

    fn unknown(&self) -> Table {
        let missing = self.missing.as_object().into_iter().flatten();
        let missing = missing.map(|(condition, customers)| (customers.as_i64().unwrap_or(0), condition));
        let rows = missing.filter(|(customers, _)| *customers > 0);
        Table {
            heading: "What is not known",
            caption: "A condition does not hold for a customer without the value it asks for.",
            columns: ["customers", "condition"].map(str::to_owned).to_vec(),
            rows: rows.map(|(customers, condition)| vec![count(customers), condition.clone()]).collect(),
            figures: true,
        }
    }
}
