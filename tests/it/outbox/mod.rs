//! The outbox: templates, messages, channels, the dispatcher.
mod crash;
mod office;
mod recording;
mod smtp;
mod templates;
mod webhook;
