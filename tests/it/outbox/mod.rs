//! The outbox: templates, messages, channels, the dispatcher.
mod crash;
mod links;
mod mails;
mod office;
mod recording;
mod smtp;
mod templates;
mod timing;
mod vendors;
mod watched;
mod webhook;
