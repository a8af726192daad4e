//! The tokens that the issuer signs, version 1.0 and 2.0.
