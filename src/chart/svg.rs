//! The drawing of a line chart, in CSS pixels.

use std::fmt::Write as _;
use std::ops::Range;

use unicode_width::UnicodeWidthChar as _;

use super::{FAMILY, HEIGHT, LineChart, Mark, Point, WIDTH};

const PAPER: &str = "#ffffff";
const INK: &str = "#22262c";
const FAINT: &str = "#5a626d";
const GRID: &str = "#e3e7ec";
const LINE: &str = "#26405f";
const TARGET: &str = "#b3321b";

/// Between the edge and what is drawn.
const EDGE: f64 = 14.0;
/// Sizes of letters: they must still be read where the picture is shown at half its size.
const LARGE: f64 = 16.0;
const SMALL: f64 = 14.0;
/// Between two labels.
const APART: f64 = 10.0;

/// Where the values are drawn.
struct Plot {
    across: Range<f64>,
    /// From the top.
    down: Range<f64>,
    values: Range<f64>,
}

struct Svg(String);

/// The whole drawing.
pub fn drawing(chart: &LineChart) -> String {
    let (width, height) = (f64::from(WIDTH), f64::from(HEIGHT));
    let mut svg = Svg(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="{FAMILY}"><rect width="{width}" height="{height}" fill="{PAPER}"/>"#
    ));
    svg.head(chart, width);
    svg.legend(chart);
    let plot = Plot::of(chart, width, height);
    for tick in &chart.ticks {
        let y = plot.y(tick.value);
        svg.line((plot.across.start, y), (plot.across.end, y), &format!(r#"stroke="{GRID}""#));
        svg.text((plot.across.start - 8.0, y + 5.0), "end", (SMALL, FAINT), &tick.label);
    }
    svg.labels(&chart.points, &plot);
    if let Some(Mark { value, .. }) = chart.target {
        let y = plot.y(value);
        svg.line((plot.across.start, y), (plot.across.end, y), &dashed());
    }
    svg.course(&chart.points, &plot);
    svg.0.push_str("</svg>");
    svg.0
}

fn dashed() -> String {
    format!(r#"stroke="{TARGET}" stroke-width="2" stroke-dasharray="7 5""#)
}

impl Plot {
    fn of(chart: &LineChart, width: f64, height: f64) -> Self {
        let gutter = chart.ticks.iter().map(|tick| wide(&tick.label, SMALL)).fold(0.0, f64::max).min(width / 3.0);
        let ends = |tick: Option<&Mark>| tick.map_or(0.0, |tick| tick.value);
        Self {
            across: EDGE + gutter + 8.0..width - EDGE,
            down: 66.0..height - 48.0,
            values: ends(chart.ticks.first())..ends(chart.ticks.last()),
        }
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value - self.values.start) / (self.values.end - self.values.start);
        self.down.end - share.clamp(0.0, 1.0) * (self.down.end - self.down.start)
    }

    /// Of the n-th of so many points.
    fn x(&self, place: usize, of: usize) -> f64 {
        // half a label from the sides
        let (left, right) = (self.across.start + 18.0, self.across.end - 18.0);
        if of < 2 { (left + right) / 2.0 } else { left + (right - left) * place as f64 / (of - 1) as f64 }
    }
}

impl Svg {
    fn text(&mut self, (x, y): (f64, f64), anchor: &str, (size, colour): (f64, &str), words: &str) {
        let words = written(words);
        // what is behind it is kept off by an edge of paper
        let _ = write!(
            self.0,
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="{size}" fill="{colour}" stroke="{PAPER}" stroke-width="4" stroke-linejoin="round" paint-order="stroke">{words}</text>"#
        );
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), look: &str) {
        let _ = write!(self.0, r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" {look}/>"#);
    }

    fn dot(&mut self, (x, y): (f64, f64), is_hollow: bool) {
        let fill = if is_hollow { PAPER } else { LINE };
        let _ =
            write!(self.0, r#"<circle cx="{x:.1}" cy="{y:.1}" r="4" fill="{fill}" stroke="{LINE}" stroke-width="2"/>"#);
    }

    /// What it shows, and on the other side the last value.
    fn head(&mut self, chart: &LineChart, width: f64) {
        let (right, y) = (width - EDGE, 26.0);
        let last = fitting(&chart.last, width / 3.0, LARGE);
        let left = right - wide(&last, LARGE) - 12.0;
        if let Some(point) = chart.points.iter().rev().find(|point| known(point).is_some()) {
            self.dot((left, y - 6.0), point.is_hollow);
        }
        self.text((right, y), "end", (LARGE, LINE), &last);
        self.text((EDGE, y), "start", (LARGE, INK), &fitting(&chart.title, left - 2.0 * APART - EDGE, LARGE));
    }

    /// What the dashed line and the hollow points are, below the title.
    fn legend(&mut self, chart: &LineChart) {
        let (mut x, y) = (EDGE, 48.0);
        if let Some(target) = &chart.target {
            self.line((x, y - 5.0), (x + 31.0, y - 5.0), &dashed());
            x += 38.0;
            self.text((x, y), "start", (SMALL, TARGET), &target.label);
            x += wide(&target.label, SMALL) + 2.0 * APART;
        }
        if chart.points.iter().any(|point| point.is_hollow && known(point).is_some()) {
            self.dot((x + 4.0, y - 5.0), true);
            self.text((x + 14.0, y), "start", (SMALL, FAINT), &chart.hollow);
        }
    }

    /// Below the points: as many labels as there is room for, the last in any case, and what they have in common once.
    fn labels(&mut self, points: &[Point], plot: &Plot) {
        let widest = points.iter().map(|point| wide(&point.label, SMALL)).fold(1.0, f64::max);
        let room = plot.x(1, points.len()) - plot.x(0, points.len());
        let every = if room > 0.0 { ((widest + APART) / room).ceil().clamp(1.0, 1e6) as usize } else { 1 };
        let (mut said, mut free_from) = ("", f64::MIN);
        for (place, point) in points.iter().enumerate() {
            let x = plot.x(place, points.len());
            if (points.len() - 1 - place).is_multiple_of(every) {
                self.text((x, plot.down.end + 20.0), "middle", (SMALL, FAINT), &point.label);
            }
            let half = wide(&point.group, SMALL) / 2.0;
            if point.group != said && x - half >= free_from {
                self.text((x, plot.down.end + 37.0), "middle", (SMALL, FAINT), &point.group);
                (said, free_from) = (&point.group, x + half + APART);
            }
        }
    }

    fn course(&mut self, points: &[Point], plot: &Plot) {
        let places: Vec<Option<(f64, f64)>> = points
            .iter()
            .enumerate()
            .map(|(place, point)| Some((plot.x(place, points.len()), plot.y(known(point)?))))
            .collect();
        let mut path = String::new();
        for (place, at) in places.iter().enumerate() {
            let Some((x, y)) = at else { continue };
            let goes_on = place.checked_sub(1).is_some_and(|before| places[before].is_some());
            let _ = write!(path, "{}{x:.1} {y:.1} ", if goes_on { 'L' } else { 'M' });
        }
        let _ = write!(
            self.0,
            r#"<path d="{path}" fill="none" stroke="{LINE}" stroke-width="2.5" stroke-linejoin="round" stroke-linecap="round"/>"#
        );
        for (point, at) in points.iter().zip(places) {
            if let Some(at) = at {
                self.dot(at, point.is_hollow);
            }
        }
    }
}

/// The value, if it is one that can be drawn.
fn known(point: &Point) -> Option<f64> {
    point.value.filter(|value| value.is_finite())
}

/// About how wide a text is, in CSS pixels.
fn wide(text: &str, size: f64) -> f64 {
    let of = |c: char| match (c.width().unwrap_or(0), c) {
        (0, _) => 0.0,
        (1, 'i' | 'j' | 'l' | 't' | 'f' | 'I' | '.' | ',' | ':' | ';' | '\'' | ' ' | '(' | ')' | '|') => 0.33,
        (1, 'm' | 'w' | 'M' | 'W' | '%' | '@') => 0.9,
        (1, _) => 0.58,
        _ => 1.0,
    };
    size * text.chars().map(of).sum::<f64>()
}

/// As much of a text as there is room for.
fn fitting(text: &str, room: f64, size: f64) -> String {
    if wide(text, size) <= room {
        return text.to_owned();
    }
    let mut cut = String::new();
    for c in text.chars() {
        cut.push(c);
        if wide(&cut, size) + size > room {
            break;
        }
    }
    cut.pop();
    format!("{}…", cut.trim_end())
}

/// As XML has it; without what it cannot have.
fn written(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
