//! barlift.
pub mod bar;
pub mod config;
pub mod error;
pub mod source;
