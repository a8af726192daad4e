//! The emulated Azure: its APIs, its issuer, and the platform in front of an app.

mod api;
mod gateway;
mod issuer;
mod proxy;
