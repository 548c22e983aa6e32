//! The outbox: templates, messages, channels, the dispatcher.
mod office;
mod recording;
mod templates;
