//! How a message leaves: one folder or file a kind of channel, behind one [`Channel`].
pub mod settings;
