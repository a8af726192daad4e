//! For tests: a store in memory, a clock to move, texts that try to be more than data, and the suite that every store must pass (feature `testing`).

pub mod contract;
mod in_memory;
mod injections;
mod intercepted_store;
mod manual_clock;

pub use self::{
    in_memory::InMemoryStore,
    injections::{INJECTIONS, Injection},
    intercepted_store::{Failure, InterceptedStore, StoreOperation},
    manual_clock::ManualClock,
};
