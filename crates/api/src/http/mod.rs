//! HTTP itself, without any knowledge of what is served.

pub mod address;
pub mod arrival;
pub mod conditional;
pub mod content;
pub mod cookies;
pub mod disposition;
pub mod frame;
pub mod range;
