//! Background work: a durable queue's worker, one file for each job kind, and the reconcilers that run on a timer.

mod complain;
mod kinds;
mod reconcile;
mod worker;

pub use worker::{Settings, work};
