//! The outside interface over HTTP. Translates requests into calls of `vault` and its answers into responses; decides nothing.

pub mod extract;
pub mod http;
pub mod limit;
pub mod problem;
pub mod tus;
pub mod web;
