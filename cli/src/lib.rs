//! What the command `naru` is made of.

pub mod http;
