//! The outbox: templates, messages, channels, the dispatcher.
mod crash;
mod fallback;
mod links;
mod mails;
mod moved;
pub mod office;
mod ramp;
mod receipts;
mod recording;
mod robots;
mod signatures;
mod smtp;
mod standby;
mod templates;
mod timing;
mod vendors;
mod watched;
mod webhook;
