#![doc = include_str!("../README.md")]

mod error_chain;
mod media_type;
mod origins;
mod params;
mod quoted;
mod schema;
mod stdio;
mod transport;

pub use self::{
    origins::AllowedOrigins,
    params::params_error,
    schema::output_schema,
    stdio::StdioTransport,
    transport::{Transport, TransportLayer},
};
