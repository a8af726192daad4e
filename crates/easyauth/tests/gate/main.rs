//! The gate from outside: what a caller sends, what comes back, and what the service behind it gets to see.

mod authenticator;
mod decoder;
mod forms;
mod hostile;
mod layers;
mod log;
mod platform;
mod requirement;
mod resource;
mod service;
