//! Colours as styles write them, and how light they are.

use std::fmt;

/// What is lighter than this, of 1, and not strong in colour is paper.
const LIGHT: f64 = 0.6;
/// The difference of the strongest and the weakest of red, green and blue from which on a colour is one of its own.
const STRONG: f64 = 0.45;
/// What is lighter than this, of 1, is a faint line on paper.
const FAINT: f64 = 0.75;
/// Contrast by which small writing can be read (WCAG 2, AA).
const READABLE: f64 = 4.5;
/// More contrast dazzles in the dark.
const ENOUGH: f64 = 10.0;

/// A colour without transparency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

impl Colour {
    /// Paper where none is laid.
    pub const WHITE: Self = Self { red: 255, green: 255, blue: 255 };

    /// `#rgb`, `#rrggbb`, `white`, `black`; none: something else.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "white" => return Some(Self::WHITE),
            "black" => return Some(Self { red: 0, green: 0, blue: 0 }),
            _ => {}
        }
        let digits = text.strip_prefix('#').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let part = |from: usize, wide: usize| {
            let part = u8::from_str_radix(&digits[from..from + wide], 16).ok()?;
            Some(if wide == 1 { part * 17 } else { part })
        };
        match digits.len() {
            3 => Some(Self { red: part(0, 1)?, green: part(1, 1)?, blue: part(2, 1)? }),
            6 => Some(Self { red: part(0, 2)?, green: part(2, 2)?, blue: part(4, 2)? }),
            _ => None,
        }
    }

    /// Whether it is what one writes on, rather than a banner or a button.
    pub fn is_paper(self) -> bool {
        self.lightness() >= LIGHT && self.strength() < STRONG
    }

    /// Whether it is that of a line one hardly sees.
    pub fn is_faint(self) -> bool {
        self.lightness() >= FAINT
    }

    /// The paper in the dark: the lighter it was, the more it stands out. White takes the tint of the paper around it.
    pub fn darkened(self, around: Self) -> Self {
        let light = self.lightness();
        let dark = if light > 0.9 { 0.08 + (light - 0.9) * 0.8 } else { 0.08 + (0.9 - light) * 0.4 };
        let tinted = if self.strength() == 0.0 && around.is_paper() { around } else { self };
        tinted.with_lightness(dark)
    }

    /// A line that one hardly saw: a little lighter than the dark paper.
    pub fn as_line_on(self, paper: Self) -> Self {
        self.with_lightness(paper.lightness() + 0.16)
    }

    /// Writing that is read on the dark paper as well as on the light one.
    pub fn readable(self, light: Self, dark: Self) -> Self {
        let was = self.contrast(light);
        let wanted = if was < READABLE { was } else { was.min(ENOUGH) };
        let mut lightness = self.lightness();
        let mut ink = self;
        while ink.contrast(dark) < wanted && lightness < 1.0 {
            lightness = (lightness + 0.01).min(1.0);
            ink = self.with_lightness(lightness);
        }
        ink
    }

    /// As WCAG 2 defines it: 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance() + 0.05, other.luminance() + 0.05);
        one.max(other) / one.min(other)
    }

    fn parts(self) -> [f64; 3] {
        [self.red, self.green, self.blue].map(|part| f64::from(part) / 255.0)
    }

    fn ends(self) -> (f64, f64) {
        let parts = self.parts();
        (parts.into_iter().fold(1.0, f64::min), parts.into_iter().fold(0.0, f64::max))
    }

    /// Of HSL, 0 to 1.
    fn lightness(self) -> f64 {
        let (least, most) = self.ends();
        f64::midpoint(least, most)
    }

    /// How far it is from grey, 0 to 1.
    fn strength(self) -> f64 {
        let (least, most) = self.ends();
        most - least
    }

    /// The same hue, as strong as before where there is room for it.
    fn with_lightness(self, lightness: f64) -> Self {
        let (own, strength) = (self.lightness(), self.strength());
        let room = 1.0 - (2.0 * lightness - 1.0).abs();
        let scale = if strength > 0.0 { strength.min(room) / strength } else { 0.0 };
        let [red, green, blue] = self.parts().map(|part| {
            let moved = lightness + (part - own) * scale;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 255")]
            let byte = (moved.clamp(0.0, 1.0) * 255.0).round() as u8;
            byte
        });
        Self { red, green, blue }
    }

    /// As WCAG 2 defines it, 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |part: f64| if part <= 0.039_28 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
        let [red, green, blue] = self.parts().map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

#[cfg(test)]
mod tests {
    use super::Colour;

    #[test]
    fn writing_is_as_readable_in_the_dark_as_it_was() {
        for paper in ["#ffffff", "#f7f1ea", "#fff8ef", "#eef3f8", "#e0e0e0", "#ddd"] {
            let light = Colour::read(paper).unwrap();
            assert!(light.is_paper(), "{paper}");
            let dark = light.darkened(Colour::WHITE);
            for ink in ["#3d2c29", "#8a6f66", "#b6402f", "#a3612b", "#000", "#1f5fbf", "#6b625c", "#777777"] {
                let ink = Colour::read(ink).unwrap();
                let was = ink.contrast(light);
                let is = ink.readable(light, dark).contrast(dark);
                assert!(is >= was.min(4.5) && is >= was.min(10.0) - 0.01, "{ink} on {paper}: {was} and then {is}");
            }
        }
    }

    #[test]
    fn colours_are_read_and_strong_ones_are_no_paper() {
        assert_eq!(Colour::read("#abc").unwrap().to_string(), "#aabbcc");
        for none in ["#12", "#1234567", "red", "#ggg", "#é1", ""] {
            assert_eq!(Colour::read(none), None, "{none}");
        }
        for own in ["#b6402f", "#ffd54f", "#1f5fbf", "#333333"] {
            assert!(!Colour::read(own).unwrap().is_paper(), "{own}");
        }
        assert!((Colour::WHITE.contrast(Colour::read("black").unwrap()) - 21.0).abs() < 0.01);
    }
}
