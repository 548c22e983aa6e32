//! The geometry of a flow picture: columns of bars on the left and on the right, and the bands between them, all as wide
//! as their customers are many.
//!
//! Widths are exact: the bands at a bar add up to its height. What would be too thin to see is made visible by its
//! outline, not by its width. A bar has room for its label whatever its height.

use serde::Serialize;

use crate::jobs::layout::{clip, count};

/// Width of the picture, in its own units; 16 of them are a line of text.
pub const WIDTH: f64 = 960.0;
/// Height of all customers together.
const ALL: f64 = 300.0;
/// Room for the two lines of a label.
const LABEL: f64 = 38.0;
/// Between two bars or labels.
const GAP: f64 = 24.0;
/// Left and right of the bars, for the labels.
const MARGIN: f64 = 230.0;
/// Width of a bar.
const BAR: f64 = 14.0;
/// Above and below everything.
const EDGE: f64 = 8.0;
/// Widest name, in columns of text.
const NAME: usize = 24;
/// Room a number on a band takes, to each side of its middle.
const NUMBER: (f64, f64) = (34.0, 9.0);

/// Which way a band goes; decides its colour and its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// Nothing changes.
    Stay,
    /// Was not there before.
    New,
    /// Is not there any more.
    Gone,
    /// To something lower.
    Down,
    /// To something higher.
    Up,
}

impl Way {
    /// Says the same as the colour.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Stay => "",
            Self::New => "+",
            Self::Gone => "×",
            Self::Down => "▼",
            Self::Up => "▲",
        }
    }
}

/// Customers that go one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Which bar on the left, from the top.
    pub from: usize,
    /// Which bar on the right, from the top.
    pub to: usize,
    /// How many.
    pub customers: i64,
    /// Which way that is.
    pub way: Way,
}

/// A picture ready to be drawn.
#[derive(Debug, Serialize)]
pub struct Picture {
    /// Width of the box.
    pub width: f64,
    /// Height of the box.
    pub height: f64,
    /// Bars on the left.
    pub left: Vec<Bar>,
    /// Bars on the right.
    pub right: Vec<Bar>,
    /// Bands, those on top last.
    pub bands: Vec<Band>,
}

/// What stands on one side.
#[derive(Debug, Serialize)]
pub struct Bar {
    /// In full.
    pub title: String,
    /// As far as there is room.
    pub label: String,
    /// Second line: "1,475 · 34%".
    pub figures: String,
    /// Left edge.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// As many as the customers; 0 for nobody.
    pub height: f64,
    /// Where the label is written.
    pub label_x: f64,
    /// The middle between its lines.
    pub label_y: f64,
}

/// Customers on their way from one bar to another.
#[derive(Debug, Serialize)]
pub struct Band {
    /// Which way.
    pub way: Way,
    /// "Mid → High: 32"
    pub title: String,
    /// Top at the left.
    pub from_y: f64,
    /// Top at the right.
    pub to_y: f64,
    /// Width of the band.
    pub height: f64,
    /// Outline.
    pub path: String,
    /// Number on it, where there is room.
    pub number: Option<Number>,
}

/// A number on a band.
#[derive(Debug, Serialize)]
pub struct Number {
    /// Its middle.
    pub x: f64,
    /// Its middle.
    pub y: f64,
    /// "▲ 32"
    pub text: String,
}

/// Draws the links between what is named on the left and on the right; none when there is nobody.
#[must_use]
pub fn draw(left: &[String], right: &[String], links: &[Link]) -> Option<Picture> {
    let mut links: Vec<Link> = links.iter().copied().filter(|link| link.customers > 0).collect();
    let total: i64 = links.iter().map(|link| link.customers).sum();
    if total == 0 {
        return None;
    }
    links.sort_by_key(|link| (link.from, link.to));
    let scale = ALL / figure(total);
    let sum = |matching: &dyn Fn(&Link) -> bool| -> i64 {
        links.iter().filter(|link| matching(link)).map(|link| link.customers).sum()
    };
    let side = |names: &[String], end: fn(&Link) -> usize, x: f64, label_x: f64| -> Column {
        let customers = (0..names.len()).map(|at| sum(&|link| end(link) == at)).collect();
        Column { names: names.to_vec(), customers, total, scale, x, label_x }
    };
    let left_column = side(left, |link| link.from, MARGIN, MARGIN - 10.0);
    let right_column = side(right, |link| link.to, WIDTH - MARGIN - BAR, WIDTH - MARGIN + 10.0);
    let height = left_column.height().max(right_column.height()) + 2.0 * EDGE;
    let (left, right) = (left_column.bars(height), right_column.bars(height));
    let bands = bands(&links, &left, &right, scale);
    Some(Picture { width: WIDTH, height: round(height), left, right, bands })
}

/// One side, before its bars have their places.
struct Column {
    names: Vec<String>,
    customers: Vec<i64>,
    total: i64,
    scale: f64,
    x: f64,
    label_x: f64,
}

impl Column {
    fn room(&self, at: usize) -> f64 {
        (figure(self.customers[at]) * self.scale).max(LABEL)
    }

    fn height(&self) -> f64 {
        (0..self.names.len()).map(|at| self.room(at) + GAP).sum::<f64>() - GAP
    }

    /// In the middle of the picture, from the top.
    fn bars(&self, height: f64) -> Vec<Bar> {
        let mut top = (height - self.height()) / 2.0;
        let bars = self.names.iter().enumerate().map(|(at, title)| {
            let (room, own) = (self.room(at), figure(self.customers[at]) * self.scale);
            let y = top + (room - own) / 2.0;
            let middle = top + room / 2.0;
            top += room + GAP;
            let figures = format!("{} · {}", count(self.customers[at]), share(self.customers[at], self.total));
            let (label, title) = (clip(title, NAME), title.clone());
            Bar { title, label, figures, x: self.x, y, width: BAR, height: own, label_x: self.label_x, label_y: middle }
        });
        bars.collect()
    }
}

/// The links as bands: at each bar in the order of the other side, so that few cross; what moves lies above what stays.
fn bands(links: &[Link], left: &[Bar], right: &[Bar], scale: f64) -> Vec<Band> {
    let mut from: Vec<f64> = left.iter().map(|bar| bar.y).collect();
    let mut to: Vec<f64> = right.iter().map(|bar| bar.y).collect();
    let mut bands: Vec<Band> = links
        .iter()
        .map(|link| {
            let height = figure(link.customers) * scale;
            let (from_y, to_y) = (from[link.from], to[link.to]);
            from[link.from] += height;
            to[link.to] += height;
            let title = format!("{} → {}: {}", left[link.from].title, right[link.to].title, count(link.customers));
            let number = Number { x: 0.0, y: 0.0, text: format!("{} {}", link.way.sign(), count(link.customers)) };
            let path = path(from_y, to_y, height);
            Band { way: link.way, title, from_y, to_y, height, path, number: Some(number) }
        })
        .collect();
    bands.sort_by_key(|band| band.way);
    place_numbers(&mut bands);
    bands
}

fn path(from: f64, to: f64, height: f64) -> String {
    let (x0, x1) = (MARGIN + BAR, WIDTH - MARGIN - BAR);
    let middle = WIDTH / 2.0;
    let [from_end, to_end] = [from + height, to + height].map(round);
    let (from, to) = (round(from), round(to));
    format!(
        "M{x0} {from}C{middle} {from} {middle} {to} {x1} {to}V{to_end}C{middle} {to_end} {middle} {from_end} {x0} {from_end}Z"
    )
}

/// Each number finds a place on its band where no other stands; those that find none are left out. What rises is
/// numbered on the left and what falls on the right, away from where they cross.
fn place_numbers(bands: &mut [Band]) {
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for band in bands.iter_mut().rev() {
        let places = match band.way {
            Way::Up | Way::New => [0.3, 0.4, 0.2, 0.5, 0.6, 0.7, 0.8],
            _ => [0.7, 0.6, 0.8, 0.5, 0.4, 0.3, 0.2],
        }
        .map(|along| on_curve(band, along));
        let free = places.into_iter().find(|(x, y)| {
            taken
                .iter()
                .all(|(other_x, other_y)| (x - other_x).abs() > 2.0 * NUMBER.0 || (y - other_y).abs() > 2.0 * NUMBER.1)
        });
        let is_move = band.way != Way::Stay;
        let number = band.number.take();
        if let (Some((x, y)), Some(number), true) = (free, number, is_move) {
            taken.push((x, y));
            band.number = Some(Number { x: round(x), y: round(y), ..number });
        }
    }
}

/// The middle of a band, so far along its curve.
fn on_curve(band: &Band, along: f64) -> (f64, f64) {
    let (x0, x1, middle) = (MARGIN + BAR, WIDTH - MARGIN - BAR, WIDTH / 2.0);
    let back = 1.0 - along;
    let (first, last) = (back.powi(3), along.powi(3));
    let (second, third) = (3.0 * back.powi(2) * along, 3.0 * back * along.powi(2));
    let x = first * x0 + (second + third) * middle + last * x1;
    let y = (first + second) * band.from_y + (third + last) * band.to_y + band.height / 2.0;
    (x, y)
}

/// "34%", "0.4%", "< 0.1%"
#[must_use]
pub fn share(part: i64, total: i64) -> String {
    let percent = if total == 0 { 0.0 } else { figure(part) * 100.0 / figure(total) };
    match percent {
        _ if part == 0 => "0%".to_owned(),
        _ if part == total => "100%".to_owned(),
        few if few < 0.1 => "< 0.1%".to_owned(),
        most if most >= 99.95 => "> 99.9%".to_owned(),
        some if some < 10.0 => format!("{some:.1}%"),
        many => format!("{many:.0}%"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of customers are far below 2^52")]
fn figure(customers: i64) -> f64 {
    customers as f64
}

fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
