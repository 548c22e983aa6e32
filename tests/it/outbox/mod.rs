//! The outbox: templates, messages, channels, the dispatcher.
mod templates;
