//! The outbox: templates, messages, channels, the dispatcher.
mod crash;
mod fallback;
mod links;
mod mails;
pub mod office;
mod ramp;
mod receipts;
mod recording;
mod robots;
mod signatures;
mod smtp;
mod templates;
mod timing;
mod vendors;
mod watched;
mod webhook;
