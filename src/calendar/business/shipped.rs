//! The calendars tend brings along, and those of a company, which add to them and take their place.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{Calendar, Mistake, read};

/// What tend ships: name and text.
pub const SHIPPED: [(&str, &str); 3] = [
    ("always", include_str!("../../../config/calendars/always.toml")),
    ("cn", include_str!("../../../config/calendars/cn.toml")),
    ("weekdays", include_str!("../../../config/calendars/weekdays.toml")),
];

static CALENDARS: LazyLock<Calendars> = LazyLock::new(|| {
    let mut calendars = Calendars(BTreeMap::new());
    for (name, text) in SHIPPED {
        let calendar = read::read(name, text, &calendars).expect("a test reads what is shipped");
        calendars.put(calendar);
    }
    calendars
});

/// Calendars by name. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Calendars(BTreeMap<String, Calendar>);

/// What is wrong with several files: name of the calendar, mistakes.
pub type Wrong = BTreeMap<String, Vec<Mistake>>;

impl Calendars {
    /// `cn`, `weekdays` and `always`.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &CALENDARS
    }

    /// The shipped ones and those of the given files (name, text), which take the place of shipped ones of the same
    /// name. One may take the holidays of another in whatever order they come.
    ///
    /// # Errors
    /// All that is wrong with all of them.
    pub fn with<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, Wrong> {
        let (mut calendars, mut wrong) = (Self::shipped().clone(), Wrong::new());
        let mut open: BTreeMap<&str, &str> = files.into_iter().collect();
        while !open.is_empty() {
            let bases = open.iter().map(|(name, text)| (*name, read::holidays_of(text)));
            let bases: Vec<(&str, Option<String>)> = bases.collect();
            let waits = |name: &str, base: &Option<String>| {
                base.as_deref().is_some_and(|base| base != name && open.contains_key(base))
            };
            let mut ready: Vec<&str> = Vec::new();
            ready.extend(bases.iter().filter(|(name, base)| !waits(name, base)).map(|(name, _)| *name));
            if ready.is_empty() {
                wrong.extend(open.keys().map(|name| ((*name).to_owned(), vec![in_a_circle()])));
                break;
            }
            for (name, base) in bases.iter().filter(|(name, _)| ready.contains(name)) {
                let text = open.remove(name).unwrap_or_default();
                // nothing can be said about what takes its days from a file that is wrong
                if base.as_ref().is_some_and(|base| wrong.contains_key(base)) {
                    continue;
                }
                match read::read(name, text, &calendars) {
                    Ok(calendar) => calendars.put(calendar),
                    Err(mistakes) => drop(wrong.insert((*name).to_owned(), mistakes)),
                }
            }
        }
        if wrong.is_empty() { Ok(calendars) } else { Err(wrong) }
    }

    fn put(&mut self, calendar: Calendar) {
        self.0.insert(calendar.name().to_owned(), calendar);
    }

    /// One by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Calendar> {
        self.0.get(name)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Calendar> {
        self.0.values()
    }
}

fn in_a_circle() -> Mistake {
    let message = "calendars take their holidays from each other in a circle".to_owned();
    Mistake { range: None, message, help: Some("take holidays_of out of one of them".to_owned()) }
}
