//! What the integration tests share.

#![allow(dead_code, unused_imports, reason = "no test uses all of it")]

pub mod fields;
pub mod keyrings;
mod messages;

pub use messages::*;
