//! What can be said of a picture without looking at it.

use resvg::tiny_skia::Pixmap;

use super::*;

fn mark(value: f64, label: &str) -> Mark {
    Mark { value, label: label.to_owned() }
}

fn chart(title: &str, values: &[Option<f64>]) -> LineChart {
    let point = |(month, value): (usize, &Option<f64>)| Point {
        label: format!("{month:02}"),
        group: "2026".into(),
        value: *value,
        is_hollow: false,
    };
    LineChart {
        title: title.into(),
        points: (1..).zip(values).map(point).collect(),
        last: "5 h".into(),
        target: Some(mark(4.0, "target ≤ 4 h")),
        ticks: vec![mark(0.0, "0"), mark(5.0, "5 h"), mark(10.0, "10 h")],
        hollow: "few cases".into(),
    }
}

fn plain() -> LineChart {
    chart("首次响应", &[Some(1.0), Some(2.0), Some(5.0)])
}

/// Pixels of about a colour.
fn coloured(png: &[u8], wanted: [u8; 3]) -> usize {
    let near = |one: u8, two: u8| one.abs_diff(two) < 24;
    let pixels = Pixmap::decode_png(png).unwrap();
    let has = |pixel: &&resvg::tiny_skia::PremultipliedColorU8| {
        near(pixel.red(), wanted[0]) && near(pixel.green(), wanted[1]) && near(pixel.blue(), wanted[2])
    };
    pixels.pixels().iter().filter(has).count()
}

const TARGET: [u8; 3] = [0xb3, 0x32, 0x1b];
const LINE: [u8; 3] = [0x26, 0x40, 0x5f];

#[test]
fn the_same_chart_gives_the_same_bytes_of_its_size_and_few_of_them() {
    let long = chart("首次响应时间，中位数（工作时间）· 投诉", &[Some(9.5); 12]);
    for chart in [plain(), long] {
        let picture = png(&chart).unwrap();
        assert_eq!(picture, png(&chart).unwrap());
        let size = Pixmap::decode_png(&picture).unwrap();
        assert_eq!((size.width(), size.height()), (1_104, 460));
        assert!(picture.len() < 60_000, "{} bytes", picture.len());
        assert!(size.pixels().iter().all(|pixel| pixel.alpha() == 255), "on paper of its own");
    }
}

#[test]
fn every_letter_of_both_languages_has_its_own_shape() {
    let title = |title: &str| png(&LineChart { title: title.into(), ..plain() }).unwrap();
    let (nothing, missing) = (title(""), title("𠮷"));
    let mut seen = vec![nothing.clone(), missing];
    for letter in ["首", "次", "诉", "鑫", "≤", "，", "（", "％", "a", "Q", "é", "−", "…", "·", "¥"] {
        let picture = title(letter);
        assert!(!seen.contains(&picture), "{letter} looks like another, like nothing or like a letter there is not");
        seen.push(picture);
    }
}

#[test]
fn whatever_the_words_are_there_is_a_picture() {
    for words in [
        "\0\u{1}\u{ffff}",
        "<b>&amp;</b> \"'",
        "😀👩‍👩‍👧",
        "محمد",
        "x".repeat(5_000).as_str(),
        "\u{202e}长".repeat(400).as_str(),
    ] {
        let mut chart = plain();
        (chart.title, chart.last, chart.hollow) = (words.to_owned(), words.to_owned(), words.to_owned());
        chart.points[0] = Point { label: words.into(), group: words.into(), value: Some(1.0), is_hollow: true };
        chart.target = Some(mark(4.0, words));
        chart.ticks[0].label = words.to_owned();
        png(&chart).unwrap();
    }
}

#[test]
fn gaps_stay_gaps_and_what_stands_alone_is_a_point() {
    let ink = |values: &[Option<f64>]| coloured(&png(&chart("x", values)).unwrap(), LINE);
    let (whole, broken) = (ink(&[Some(5.0); 5]), ink(&[Some(5.0), Some(5.0), None, Some(5.0), Some(5.0)]));
    assert!(broken < whole * 2 / 3, "{broken} of {whole}: nothing is drawn over the gap");
    let alone = ink(&[None, None, Some(5.0), None, None]);
    assert!(alone > 100 && alone < broken, "{alone}");
}

#[test]
fn the_target_is_a_dashed_line_and_hollow_points_are_told() {
    let mut chart = plain();
    let with = coloured(&png(&chart).unwrap(), TARGET);
    chart.target = None;
    assert!(with > 1_000 && coloured(&png(&chart).unwrap(), TARGET) == 0, "{with}");
    let filled = png(&chart).unwrap();
    chart.points[1].is_hollow = true;
    let hollow = png(&chart).unwrap();
    assert!(coloured(&hollow, LINE) != coloured(&filled, LINE));
    assert!(svg::drawing(&chart).contains("few cases") && !svg::drawing(&plain()).contains("few cases"));
}

#[test]
fn labels_are_as_many_as_there_is_room_for_and_the_last_is_among_them() {
    let mut chart = chart("x", &[Some(1.0); 12]);
    let shown = |chart: &LineChart| {
        let drawing = svg::drawing(chart);
        chart.points.iter().map(|point| drawing.contains(&format!(">{}<", point.label))).collect::<Vec<_>>()
    };
    assert_eq!(shown(&chart), [true; 12]);
    for (place, point) in chart.points.iter_mut().enumerate() {
        point.label = format!("2026-{:02}..2026-{:02}", place + 1, place + 6);
    }
    let shown = shown(&chart);
    assert!(shown[11] && shown.iter().filter(|shown| **shown).count() == 3, "{shown:?}");
    let years = svg::drawing(&chart).matches(">2026<").count();
    assert_eq!(years, 1, "what they have in common stands once");
}

#[test]
fn an_axis_that_says_nothing_is_refused() {
    for ticks in
        [vec![], vec![mark(1.0, "1")], vec![mark(1.0, "1"), mark(1.0, "1")], vec![mark(1.0, "a"), mark(f64::NAN, "b")]]
    {
        assert!(matches!(png(&LineChart { ticks, ..plain() }), Err(ChartError::Axis)));
    }
    let mut beyond = plain();
    (beyond.points[0].value, beyond.points[1].value) = (Some(f64::INFINITY), Some(f64::NAN));
    png(&beyond).unwrap();
}
