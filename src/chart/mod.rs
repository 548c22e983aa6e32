//! Line charts as pictures: data in, PNG out.
//!
//! Promises: pure, the same chart gives the same bytes; letters, Chinese ones too, come from the font that is built in
//! (`assets/fonts`), never from the machine; a letter the font does not have is drawn as a box; what there is no value of stays a
//! gap; nothing is said by colour alone. Drawn on light paper of its own, so that it can be read wherever it is shown.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};

mod svg;

/// What is drawn in, in CSS pixels: narrow, so that letters can be read on a phone too.
const WIDTH: u32 = 480;
const HEIGHT: u32 = 200;
/// Pixels of the picture for one of CSS, so that it is sharp on good screens.
const SHARP: f32 = 2.3;
/// Width and height of the picture.
pub const PIXELS: [u32; 2] = [1_104, 460];

/// Latin, punctuation and the Chinese characters most used; assets/fonts/README.md says how it was made.
static FONT: &[u8] = include_bytes!("../../assets/fonts/wqy-microhei-gb2312.ttf");
const FAMILY: &str = "WenQuanYi Micro Hei";

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_source(Source::Binary(Arc::new(FONT)));
    Arc::new(fonts)
});

/// The course of a value.
#[derive(Debug, Clone, PartialEq)]
pub struct LineChart {
    /// What it shows.
    pub title: String,
    /// In the order of time.
    pub points: Vec<Point>,
    /// What the last value is, for people.
    pub last: String,
    /// A line across.
    pub target: Option<Mark>,
    /// Where the axis has lines, from the bottom to the top: at least two. Values lie between the first and the last.
    pub ticks: Vec<Mark>,
    /// What a hollow point means.
    pub hollow: String,
}

/// A value of the axis and what stands beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Where.
    pub value: f64,
    /// What it is called.
    pub label: String,
}

/// A point of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// What stands below it.
    pub label: String,
    /// What stands below the first of those that have it in common, such as a year; empty: nothing.
    pub group: String,
    /// The value; none: a gap.
    pub value: Option<f64>,
    /// Whether it is drawn hollow.
    pub is_hollow: bool,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// Nothing between which to draw.
    #[error("the axis has fewer than two values, or not in their order")]
    Axis,
    /// The drawing is not understood.
    #[error("the drawing cannot be read: {0}")]
    Drawing(#[from] resvg::usvg::Error),
    /// No picture of it.
    #[error("the picture cannot be made: {0}")]
    Picture(String),
}

/// The chart as a PNG of [`PIXELS`].
///
/// # Errors
/// When the axis says nothing, or the picture cannot be made.
pub fn png(chart: &LineChart) -> Result<Vec<u8>, ChartError> {
    if chart.ticks.len() < 2 || !chart.ticks.is_sorted_by(|below, above| below.value < above.value) {
        return Err(ChartError::Axis);
    }
    let options = Options { fontdb: Arc::clone(&FONTS), font_family: FAMILY.to_owned(), ..Options::default() };
    let drawing = Tree::from_str(&svg::drawing(chart), &options)?;
    let [width, height] = PIXELS;
    let mut picture = Pixmap::new(width, height).ok_or_else(|| ChartError::Picture("it has no size".to_owned()))?;
    resvg::render(&drawing, Transform::from_scale(SHARP, SHARP), &mut picture.as_mut());
    picture.encode_png().map_err(|error| ChartError::Picture(error.to_string()))
}

#[cfg(test)]
mod tests;
