//! Conditions on customers: what job files may say, and the SQL it becomes.
//!
//! Promises: one language for audiences, ladders and offers; nothing a file says reaches SQL as text (values are bound,
//! names come from the tables in [`field`] and [`operator`]); what cannot be meant is refused when the file is read.
//!
//! **Missing values.** A comparison with a missing value is false, whatever the operator: `is_not` and `has_none` too.
//! Only `present` and `empty` see that a value is missing. Groups are two-valued: `none` of a comparison with a
//! missing value is true. [`Composer::missing`] lets a preview count what each condition dropped.
//!
//! **Time.** `within = "30d"` is from exactly 30 × 24 hours before the as-of (included) up to the as-of (not included);
//! `older_than` is everything before that, `next` is from the as-of on. Where a day is meant (`on`, `before`, `after`,
//! `days_since_last_order`, attributes that hold days) it is the day in the job's zone.
//!
//! **Tickets.** Where a ticket is at hand (jobs of the kind `sla`), conditions ask about it too: [`Scope::with_ticket`].
//!
//! Adding an operator is one entry in the family's file below [`operator`], adding a field one in [`field::ALL`], adding
//! an event one in [`event::ALL`]; reading, SQL, the JSON schema and the documentation come from there.

pub mod docs;
pub mod event;
pub mod field;
pub mod operator;
pub mod schema;
pub mod segment;

mod birthday;
mod cases;
mod compose;
mod emit;
mod evidence;
mod facts;
mod leaf;
mod margin;
mod named;
mod nearest;
mod operand;
mod pattern;
mod period;
mod read;
mod scope;
mod shapes;
mod standing;
mod ticket;
mod tree;

pub use cases::Case;
pub use compose::{Composer, Frame, Statement, compose};
pub use evidence::{Comparison, Evidence};
pub use facts::track::Tracking;
pub use facts::{Cuts, Kept, Rank, Requirements, Universe, WindowNeeds, cuts, keep, touch_between, watch};
pub use leaf::{Leaf, Subject};
pub use nearest::Edge;
pub use read::{read, read_table};
pub use scope::Scope;
pub use tree::{Answer, Line, Node};

/// A condition.
#[derive(Debug, Clone)]
pub enum Filter {
    /// Holds when all hold.
    All(Vec<Filter>),
    /// Holds when at least one holds.
    Any(Vec<Filter>),
    /// Holds when not a single one holds.
    None(Vec<Filter>),
    /// Holds when exactly one holds.
    One(Vec<Filter>),
    /// A condition with a name.
    Segment {
        /// The segment.
        name: String,
        /// What it says.
        inner: Box<Filter>,
    },
    /// A single comparison.
    Leaf(Leaf),
}

impl Filter {
    /// The comparisons in it, in the order of the file.
    #[must_use]
    pub fn leaves(&self) -> Vec<&Leaf> {
        match self {
            Self::All(inner) | Self::Any(inner) | Self::None(inner) | Self::One(inner) => {
                inner.iter().flat_map(Self::leaves).collect()
            }
            Self::Segment { inner, .. } => inner.leaves(),
            Self::Leaf(leaf) => vec![leaf],
        }
    }

    /// What must hold, one by one.
    #[must_use]
    pub fn parts(&self) -> Vec<Self> {
        match self {
            Self::All(inner) => inner.iter().flat_map(Self::parts).collect(),
            Self::None(inner) => inner.iter().map(|part| Self::None(vec![part.clone()])).collect(),
            single => vec![single.clone()],
        }
    }

    /// Whether it holds when its comparisons, in the order of the file, came out like this; takes one for each.
    pub fn holds(&self, outcomes: &mut dyn Iterator<Item = bool>) -> bool {
        let mut each = |inner: &[Self]| inner.iter().filter(|filter| filter.holds(outcomes)).count();
        match self {
            Self::All(inner) => each(inner) == inner.len(),
            Self::Any(inner) => each(inner) > 0,
            Self::None(inner) => each(inner) == 0,
            Self::One(inner) => each(inner) == 1,
            Self::Segment { inner, .. } => inner.holds(outcomes),
            Self::Leaf(_) => outcomes.next().unwrap_or(false),
        }
    }

    /// What the statement must offer: windows of facts, ranks.
    #[must_use]
    pub fn requirements(&self) -> Requirements {
        Requirements::of([self])
    }

    /// In words, for previews and reasons.
    #[must_use]
    pub fn describe(&self) -> String {
        let list = |inner: &[Self], joined: &str| {
            let parts: Vec<_> = inner.iter().map(Self::describe_inside).collect();
            parts.join(joined)
        };
        match self {
            Self::All(inner) => list(inner, " and "),
            Self::Any(inner) => list(inner, " or "),
            Self::None(inner) => format!("none of: {}", list(inner, ", ")),
            Self::One(inner) => format!("exactly one of: {}", list(inner, ", ")),
            Self::Segment { name, .. } => format!("is in segment {name}"),
            Self::Leaf(leaf) => leaf.describe(),
        }
    }

    /// With brackets where a group stands in a group.
    fn describe_inside(&self) -> String {
        match self {
            Self::All(inner) | Self::Any(inner) if inner.len() > 1 => format!("({})", self.describe()),
            Self::None(_) | Self::One(_) => format!("({})", self.describe()),
            _ => self.describe(),
        }
    }
}
