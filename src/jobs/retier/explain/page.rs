//! The report as a page.

use serde::Serialize;

use super::super::words::Cut;
use super::{GONE, HELD, NO_LEVEL, Report, Way};
use crate::engine::door::JobError;
use crate::jobs::layout::count;
use crate::jobs::missing::Missing;
use crate::jobs::page::{self, flow};

/// What `ladder.html` shows.
#[derive(Serialize)]
struct Page {
    #[serde(flatten)]
    head: page::Head,
    window: String,
    customers: String,
    headline: String,
    tiles: Vec<Tile>,
    held: Option<String>,
    held_words: &'static str,
    kept: Vec<Kept>,
    looked_at: String,
    flow: Option<flow::Picture>,
    matrix: Matrix,
    levels: Vec<Share>,
    cuts_heading: String,
    cuts: Vec<Cut>,
    near: Vec<Edge>,
    moves: Vec<Move>,
    missing: Vec<Missing>,
    definitions: Vec<Definition>,
}

#[derive(Serialize)]
struct Tile {
    way: flow::Way,
    sign: &'static str,
    customers: String,
    words: &'static str,
}

#[derive(Serialize)]
struct Kept {
    customers: String,
    words: &'static str,
}

#[derive(Serialize)]
struct Matrix {
    columns: Vec<String>,
    rows: Vec<Row>,
    totals: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    cells: Vec<Cell>,
    total: String,
}

#[derive(Serialize)]
struct Cell {
    class: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Share {
    title: String,
    before: String,
    before_share: String,
    before_bar: String,
    after: String,
    after_share: String,
    after_bar: String,
    change: String,
}

#[derive(Serialize)]
struct Move {
    way: flow::Way,
    sign: &'static str,
    from: String,
    to: String,
    customers: String,
    people: Vec<Person>,
}

#[derive(Serialize)]
struct Person {
    name: String,
    id: String,
    reason: String,
}

#[derive(Serialize)]
struct Edge {
    condition: String,
    sides: Vec<Side>,
}

#[derive(Serialize)]
struct Side {
    heading: &'static str,
    people: Vec<Person>,
}

#[derive(Serialize)]
struct Definition {
    word: String,
    meaning: &'static str,
}

impl Way {
    fn drawn(self) -> flow::Way {
        match self {
            Self::Assigned => flow::Way::New,
            Self::Rose => flow::Way::Up,
            Self::Fell => flow::Way::Down,
            Self::Stayed => flow::Way::Stay,
            Self::Gone => flow::Way::Gone,
        }
    }
}

impl Report<'_> {
    pub(super) fn page(&self) -> Result<String, JobError> {
        let title = if self.ladder.title.is_empty() { &self.run.job } else { &self.ladder.title };
        let page = Page {
            head: page::Head::new(title.clone(), self.run),
            window: self.ladder.window().to_string(),
            customers: count(self.found.count(|flow| flow.to.is_some())),
            headline: format!("{title}: customers by level, before and after"),
            tiles: self.tiles(),
            held: (self.found.held > 0).then(|| count(self.found.held)),
            held_words: HELD,
            kept: self
                .kept()
                .into_iter()
                .map(|(customers, words)| Kept { customers: count(customers), words })
                .collect(),
            looked_at: self.looked_at(),
            flow: self.picture(),
            matrix: self.page_matrix(),
            levels: self.shares(),
            cuts_heading: self.cuts_heading(),
            cuts: self.words.cuts(self.before),
            near: self.edges(),
            moves: self.moves(),
            missing: self.words.missing(&self.found.missing),
            definitions: self
                .words
                .definitions()
                .into_iter()
                .map(|(word, meaning)| Definition { word: word.replace('_', " "), meaning })
                .collect(),
        };
        page::render(include_str!("ladder.html"), &page)
    }

    /// Who rises, falls and stays always; the others where there are any.
    fn tiles(&self) -> Vec<Tile> {
        let all = [
            (Way::Rose, "rise"),
            (Way::Fell, "fall"),
            (Way::Stayed, "stay"),
            (Way::Assigned, "get their first level"),
            (Way::Gone, "no longer exist"),
        ];
        let shown = all
            .into_iter()
            .filter(|(way, _)| matches!(way, Way::Rose | Way::Fell | Way::Stayed) || self.count(*way) > 0);
        shown
            .map(|(way, words)| Tile {
                way: way.drawn(),
                sign: way.drawn().sign(),
                customers: count(self.count(way)),
                words,
            })
            .collect()
    }

    /// How people call a level.
    fn title(&self, level: Option<&str>, none: &str) -> String {
        let known = level.and_then(|level| self.ladder.place(level)).map(|place| &self.ladder.levels()[place]);
        known.map_or_else(|| level.unwrap_or(none).to_owned(), |level| level.title.clone())
    }

    fn picture(&self) -> Option<flow::Picture> {
        let (mut sources, targets) = (self.sources(), self.targets());
        // the first run: there is no before, and empty levels would only push the picture down
        if self.ladder.levels().iter().all(|level| self.before(&level.name) == 0) {
            sources.retain(Option::is_none);
        }
        let links = sources.iter().enumerate().flat_map(|(from_at, from)| {
            targets.iter().enumerate().map(move |(to_at, to)| flow::Link {
                from: from_at,
                to: to_at,
                customers: self.between(*from, *to),
                way: self.way_of(*from, *to).drawn(),
            })
        });
        let titles = |ends: &[Option<&str>], none: &str| -> Vec<String> {
            ends.iter().map(|level| self.title(*level, none)).collect()
        };
        flow::draw(&titles(&sources, NO_LEVEL), &titles(&targets, GONE), &links.collect::<Vec<_>>())
    }

    fn page_matrix(&self) -> Matrix {
        let (sources, targets) = (self.sources(), self.targets());
        let rows = sources.iter().map(|from| Row {
            name: self.title(*from, NO_LEVEL),
            cells: targets.iter().map(|to| self.page_cell(*from, *to)).collect(),
            total: from.map_or_else(|| count(self.count(Way::Assigned)), |level| count(self.before(level))),
        });
        Matrix {
            columns: targets.iter().map(|to| self.title(*to, GONE)).collect(),
            rows: rows.collect(),
            totals: targets
                .iter()
                .map(|to| to.map_or_else(|| count(self.count(Way::Gone)), |level| count(self.after(level))))
                .collect(),
        }
    }

    fn page_cell(&self, from: Option<&str>, to: Option<&str>) -> Cell {
        let way = self.way_of(from, to);
        match self.between(from, to) {
            0 => Cell { class: if way == Way::Stayed { "same none" } else { "none" }, text: "·".to_owned() },
            customers => Cell {
                class: way.class(),
                text: format!("{} {}", way.drawn().sign(), count(customers)).trim_start().to_owned(),
            },
        }
    }

    fn shares(&self) -> Vec<Share> {
        let levels = self.ladder.levels();
        let before_all: i64 = levels.iter().map(|level| self.before(&level.name)).sum();
        let after_all: i64 = levels.iter().map(|level| self.after(&level.name)).sum();
        let widest = levels.iter().map(|level| self.before(&level.name).max(self.after(&level.name))).max();
        let shares = levels.iter().map(|level| {
            let (before, after) = (self.before(&level.name), self.after(&level.name));
            Share {
                title: level.title.clone(),
                before: count(before),
                before_share: flow::share(before, before_all),
                before_bar: bar(before, widest.unwrap_or(0)),
                after: count(after),
                after_share: flow::share(after, after_all),
                after_bar: bar(after, widest.unwrap_or(0)),
                change: match after - before {
                    0 => "0".to_owned(),
                    change if change > 0 => format!("+{}", count(change)),
                    change => format!("−{}", count(-change)),
                },
            }
        });
        shares.collect()
    }

    fn edges(&self) -> Vec<Edge> {
        let edges = self.near.iter().map(|near| {
            let sides = [("Not yet", &near.short, false), ("Just", &near.reached, true)];
            let sides = sides.into_iter().filter(|(_, customers, _)| !customers.is_empty()).map(|side| {
                let (heading, customers, holds) = side;
                let people = customers.iter().map(|customer| Person {
                    name: customer.name.clone(),
                    id: customer.customer_id.clone(),
                    reason: self.words.neighbour(near, customer, holds),
                });
                Side { heading, people: people.collect() }
            });
            Edge { condition: self.words.edge(near), sides: sides.collect() }
        });
        edges.filter(|edge| !edge.sides.is_empty()).collect()
    }

    fn moves(&self) -> Vec<Move> {
        let mut moves: Vec<Move> = Vec::new();
        for group in self.samples.chunk_by(|one, other| (&one.from, &one.to) == (&other.from, &other.to)) {
            let (from, to) = (group[0].from.as_deref(), Some(group[0].to.as_str()));
            let way = self.way_of(from, to).drawn();
            let people = group.iter().map(|sample| Person {
                name: sample.name.clone(),
                id: sample.customer_id.clone(),
                reason: self.words.reason(sample),
            });
            moves.push(Move {
                way,
                sign: way.sign(),
                from: self.title(from, NO_LEVEL),
                to: self.title(to, GONE),
                customers: count(self.between(from, to)),
                people: people.collect(),
            });
        }
        moves
    }
}

impl Way {
    fn class(self) -> &'static str {
        match self {
            Self::Assigned => "new",
            Self::Rose => "up",
            Self::Fell => "down",
            Self::Stayed => "same",
            Self::Gone => "gone",
        }
    }
}

/// A bar's share of the longest, in percent.
fn bar(customers: i64, longest: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "numbers of customers are far below 2^52")]
    let percent = customers as f64 * 100.0 / longest.max(1) as f64;
    format!("{percent:.2}")
}
