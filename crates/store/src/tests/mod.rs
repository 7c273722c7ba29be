//! Tests that look behind the public interface: the engine itself, the schema, statements and their plans.

pub(crate) mod recorder;
