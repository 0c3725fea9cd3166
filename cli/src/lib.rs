//! What the command `naru` is made of.

pub mod camera;
mod connect;
pub mod copy;
pub mod delete;
pub mod deposit;
pub mod fetch;
pub mod give;
pub mod http;
pub mod inspect;
pub mod login;
mod original;
pub mod passwd;
mod password;
mod picture;
mod places;
mod problem;
mod receipts;
pub mod receive;
mod recipient;
mod rng;
mod rules;
mod screen;
pub mod storage;
pub mod terminal;
pub mod text;
pub mod withdraw;
