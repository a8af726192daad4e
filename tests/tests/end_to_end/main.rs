//! The product as its users meet it: the running server, over HTTP and MCP, on both databases; and the proof against it and
//! against servers that others wrote.
//!
//! All of them are one program: each further one would compile and link the same libraries again. Only tests that
//! run alone have programs of their own.

mod activity;
mod authentication;
mod books;
mod browser;
mod conformance;
mod database_roles;
mod database_sign_in;
mod embedding;
mod foreign;
mod http;
mod idempotency;
mod infrastructure;
mod instances;
mod json_api;
mod mcp;
mod mcp_clients;
mod outage;
mod production;
mod proof;
mod requests;
mod secrets;
mod start;
mod start_settings;
mod stdio;
mod support;
mod telemetry;
mod test_auth_local;
mod tls;
