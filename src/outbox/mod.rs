//! Messages owed and how they are paid.
pub mod channel;
pub mod policy;
pub mod template;
