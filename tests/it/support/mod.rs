//! What the tests share: [`World`], a database of its own on a private Postgres that this run of the tests starts.

pub mod http;
pub mod process;
pub mod server;
pub mod smtp;
mod world;

#[allow(unused_imports, reason = "each topic uses what it needs")]
pub use world::{OwnServer, World, eventually, instant};
