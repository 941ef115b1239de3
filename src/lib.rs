//! barlift.
pub mod bar;
pub mod config;
pub mod error;
pub mod source;
pub mod backend;
pub mod import;
pub mod operation;
pub mod queue;
pub mod repository;
pub mod task;
pub mod telemetry;
pub mod worker;
pub mod cli;
