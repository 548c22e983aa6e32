//! The fields a condition can name: the only columns a job file can reach.

/// What a field holds; decides which operators it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A word or a text.
    Text,
    /// A birthday: a month and a day in a calendar.
    Birthday,
    /// A set of words.
    Tags,
    /// A point in time.
    Instant,
    /// An amount.
    Number,
    /// A whole number.
    Count,
    /// A mark from 1 to 5.
    Score,
    /// A share, written as a percentage.
    Share,
    /// A number of days, written as a length of time.
    Days,
    /// A value of the company's own; its type follows from what it is compared with.
    Attribute,
    /// A level of a ladder.
    Level,
    /// How often something happened, against how often before.
    Surge,
    /// Yes or no.
    Flag,
}

/// Where a field's value comes from. Aliases: `c` is the customer, `f…` the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// An expression over `c`, or over `t` where a ticket is at hand.
    Customer(&'static str),
    /// A column of the facts of a window.
    Windowed {
        /// The column.
        column: &'static str,
        /// What a customer has who bought nothing: 0, or nothing at all.
        zero: bool,
    },
    /// A column of the facts that looks back without end.
    Ever(&'static str),
}

/// One field.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// What files call it.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Where it comes from.
    pub source: Source,
    /// What it is, for documentation.
    pub doc: &'static str,
}

impl Field {
    /// Looks back over a window that the condition or the file names.
    #[must_use]
    pub const fn is_windowed(&self) -> bool {
        matches!(self.source, Source::Windowed { .. })
    }
}

const fn customer(name: &'static str, kind: Kind, sql: &'static str, doc: &'static str) -> Field {
    Field { name, kind, source: Source::Customer(sql), doc }
}

const fn windowed(name: &'static str, kind: Kind, zero: bool, doc: &'static str) -> Field {
    Field { name, kind, source: Source::Windowed { column: name, zero }, doc }
}

const fn ever(name: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { name, kind, source: Source::Ever(name), doc }
}

/// All fields.
pub static ALL: &[Field] = &[
    customer("customer_id", Kind::Text, "c.customer_id", "The company's own key of the customer"),
    customer("status", Kind::Text, "c.status", "active, or a word of the company"),
    customer("name", Kind::Text, "c.name", "Name as the customer writes it"),
    customer("email", Kind::Text, "c.email", "Mail address; missing when there is none"),
    customer("phone", Kind::Text, "c.phone", "Phone, as in +8613800138000; missing when there is none"),
    customer("locale", Kind::Text, "c.locale", "Language tag such as zh-CN or en"),
    customer("language", Kind::Text, "lower(split_part(c.locale, '-', 1))", "First part of the locale: zh, en"),
    customer("country", Kind::Text, "c.country", "Country, two letters: CN, GB"),
    customer("timezone", Kind::Text, "c.timezone", "Time zone of the customer such as Asia/Shanghai"),
    customer(
        "preferred_channel",
        Kind::Text,
        "c.preferred_channel",
        "email or sms; missing when the customer has no wish",
    ),
    customer("owner", Kind::Text, "c.owner_id", "staff_id of the customer's own agent"),
    customer(
        "birthday",
        Kind::Birthday,
        super::birthday::KEY,
        "The birthday, in its own calendar, whatever the year; missing when month and day are not known",
    ),
    customer("tags", Kind::Tags, "c.tags", "Free labels of the company"),
    customer("created_at", Kind::Instant, "c.created_at", "When the customer became known"),
    windowed("spend", Kind::Number, true, "Sum of the paid orders in the window; 0 without orders"),
    windowed("orders", Kind::Count, true, "Number of paid orders in the window; 0 without orders"),
    windowed("repeat_orders", Kind::Count, true, "Orders in the window from a customer who had ordered before, ever"),
    windowed(
        "repurchase_rate",
        Kind::Share,
        false,
        "Repeat orders ÷ orders in the window (one first order 0%, two 50%, three 67%); an order is a repeat when the customer has an earlier one, ever; missing without orders",
    ),
    windowed("average_order", Kind::Number, false, "Spend ÷ orders in the window; missing without orders"),
    windowed(
        "recency_score",
        Kind::Score,
        false,
        "1 to 5, 5 for the latest buyers: buyers of the window ranked by days since their last order (equal days share the better place), the span of places cut into five of equal width; missing without orders",
    ),
    windowed(
        "frequency_score",
        Kind::Score,
        false,
        "1 to 5, 5 for the most orders: as recency_score, by the number of orders in the window",
    ),
    windowed(
        "monetary_score",
        Kind::Score,
        false,
        "1 to 5, 5 for the highest spend: as recency_score, by the spend in the window",
    ),
    windowed("contribution", Kind::Share, true, "The customer's share of all spend in the window"),
    ever("first_order_at", Kind::Instant, "The first paid order ever; missing without orders"),
    ever("last_order_at", Kind::Instant, "The last paid order so far; missing without orders"),
    ever(
        "days_since_last_order",
        Kind::Days,
        "Calendar days in the job's zone since the last paid order; missing without orders",
    ),
];

/// The field of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Field> {
    ALL.iter().find(|field| field.name == name)
}
