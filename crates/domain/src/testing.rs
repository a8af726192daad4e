//! For tests: a store in memory, and the suite that every store must pass (feature `testing`).

pub mod contract;
mod in_memory;

pub use self::in_memory::InMemoryStore;
