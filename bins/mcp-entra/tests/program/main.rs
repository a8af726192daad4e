//! The program `mcp-entra`, as its users start it.

mod emulator;
mod entra;
mod guide;
mod profile;
mod test_auth;
