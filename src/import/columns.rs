//! The columns of each kind of file, and how their cells are read.

use super::fields::Field;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `crm.customer`, and `crm.consent`.
    Customers,
    /// `crm.orders`.
    Orders,
    /// `crm.interaction`.
    Interactions,
    /// `crm.ticket`.
    Tickets,
    /// `crm.product_view`.
    ProductViews,
    /// `crm.ticket_event`.
    TicketEvents,
    /// `crm.staff`.
    Staff,
    /// `crm.absence`.
    Absences,
}

/// What an empty cell means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    /// The row is bad.
    Refused,
    /// Nothing: null.
    Null,
    /// This value.
    Is(&'static str),
    /// What is there stays; a new row gets "now".
    Keep,
}

/// One column of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub name: &'static str,
    pub field: Field,
    pub empty: Empty,
}

const fn must(name: &'static str, field: Field) -> Column {
    Column { name, field, empty: Empty::Refused }
}

const fn may(name: &'static str, field: Field) -> Column {
    Column { name, field, empty: Empty::Null }
}

const fn or(name: &'static str, field: Field, value: &'static str) -> Column {
    Column { name, field, empty: Empty::Is(value) }
}

const CUSTOMERS: &[Column] = &[
    must("customer_id", Field::Key),
    or("name", Field::Text, ""),
    may("email", Field::Email),
    may("phone", Field::Phone),
    may("locale", Field::Locale),
    may("timezone", Field::Zone),
    may("country", Field::Country),
    may("birthday", Field::Birthday),
    or("birthday_calendar", Field::Word(&["solar", "lunar"]), "solar"),
    or("birthday_leap_month", Field::Flag, "no"),
    or("status", Field::Text, "active"),
    may("owner_id", Field::Key),
    may("preferred_channel", Field::Word(&["email", "sms"])),
    or("tags", Field::Tags, ""),
    or("attributes", Field::Object, "{}"),
    Column { name: "created_at", field: Field::Instant, empty: Empty::Keep },
    may("email_consent", Field::Consent),
    may("sms_consent", Field::Consent),
    may("consent_at", Field::ConsentAt),
];

const ORDERS: &[Column] = &[
    must("order_id", Field::Key),
    must("customer_id", Field::Key),
    must("placed_at", Field::Instant),
    must("amount", Field::Amount),
    or("currency", Field::Currency, "CNY"),
    or("status", Field::Word(&["paid", "cancelled", "refunded"]), "paid"),
    may("channel", Field::Text),
    may("product_id", Field::Key),
];

const INTERACTIONS: &[Column] = &[
    must("interaction_id", Field::Key),
    must("customer_id", Field::Key),
    must("at", Field::Instant),
    must("kind", Field::Text),
    or("direction", Field::Word(&["in", "out"]), "in"),
    may("channel", Field::Text),
    may("staff_id", Field::Key),
    may("note", Field::Text),
];

const TICKETS: &[Column] = &[
    must("ticket_id", Field::Key),
    must("customer_id", Field::Key),
    must("opened_at", Field::Instant),
    or("kind", Field::Text, "request"),
    may("topic", Field::Text),
    or("urgency", Field::Word(&["urgent", "normal"]), "normal"),
    may("channel", Field::Text),
    or("state", Field::Text, "open"),
    may("assignee_id", Field::Key),
    may("solved_at", Field::Instant),
    may("closed_at", Field::Instant),
    may("subject", Field::Text),
];

const PRODUCT_VIEWS: &[Column] = &[
    must("view_id", Field::Key),
    must("customer_id", Field::Key),
    must("at", Field::Instant),
    must("product_id", Field::Key),
    may("channel", Field::Text),
];

const STAFF: &[Column] = &[
    must("staff_id", Field::Key),
    or("name", Field::Text, ""),
    may("email", Field::Email),
    may("phone", Field::Phone),
    or("role", Field::Text, "agent"),
    may("manager_id", Field::Key),
    may("timezone", Field::Zone),
    or("active", Field::Flag, "yes"),
    may("locale", Field::Locale),
    may("team", Field::Text),
    may("deputy_id", Field::Key),
    may("calendar", Field::Text),
    may("daily_visits", Field::Count),
];

const ABSENCES: &[Column] =
    &[must("staff_id", Field::Key), must("from_day", Field::Day), must("until_day", Field::Day)];

const TICKET_EVENTS: &[Column] = &[
    must("ticket_id", Field::Key),
    must("event_id", Field::Key),
    must("at", Field::Instant),
    must("kind", Field::Word(EVENTS)),
    may("value", Field::Text),
    may("by_id", Field::Key),
];

/// What happens to tickets.
const EVENTS: &[&str] = &[
    "opened",
    "state",
    "customer_message",
    "agent_message",
    "assigned",
    "urgency",
    "channel",
    "kind",
    "due",
    "acknowledged",
];

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Customers,
        Self::Orders,
        Self::Interactions,
        Self::Tickets,
        Self::TicketEvents,
        Self::ProductViews,
        Self::Staff,
        Self::Absences,
    ];

    /// As typed after `tend import`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Orders => "orders",
            Self::Interactions => "interactions",
            Self::Tickets => "tickets",
            Self::ProductViews => "product_view",
            Self::TicketEvents => "ticket_event",
            Self::Staff => "staff",
            Self::Absences => "absence",
        }
    }

    /// The table rows go to.
    pub fn table(self) -> &'static str {
        match self {
            Self::Customers => "crm.customer",
            Self::Orders => "crm.orders",
            Self::Interactions => "crm.interaction",
            Self::Tickets => "crm.ticket",
            Self::ProductViews => "crm.product_view",
            Self::TicketEvents => "crm.ticket_event",
            Self::Staff => "crm.staff",
            Self::Absences => "crm.absence",
        }
    }

    /// The names a header may hold, and those it must.
    pub fn header(self) -> (Vec<&'static str>, Vec<&'static str>) {
        let names = |columns: Vec<&Column>| columns.into_iter().map(|column| column.name).collect();
        let needed = self.columns().iter().filter(|column| column.empty == Empty::Refused).collect();
        (names(self.columns().iter().collect()), names(needed))
    }

    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Self::Customers => CUSTOMERS,
            Self::Orders => ORDERS,
            Self::Interactions => INTERACTIONS,
            Self::Tickets => TICKETS,
            Self::ProductViews => PRODUCT_VIEWS,
            Self::TicketEvents => TICKET_EVENTS,
            Self::Staff => STAFF,
            Self::Absences => ABSENCES,
        }
    }

    /// The company's own key: the first column, or the first two.
    pub(super) fn key(self) -> Vec<&'static str> {
        let columns = if matches!(self, Self::TicketEvents | Self::Absences) { 2 } else { 1 };
        self.columns()[..columns].iter().map(|column| column.name).collect()
    }

    /// Whether the table's key carries the customer besides the company's own (for Citus): then a row that changes
    /// hands is deleted and inserted.
    pub(super) fn changes_hands(self) -> bool {
        matches!(self, Self::Orders | Self::Interactions | Self::ProductViews)
    }
}
