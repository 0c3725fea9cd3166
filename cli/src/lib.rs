//! What the command `naru` is made of.

pub mod camera;
pub mod give;
pub mod http;
pub mod inspect;
mod picture;
pub mod receive;
mod rng;
mod screen;
pub mod storage;
pub mod terminal;
pub mod text;
