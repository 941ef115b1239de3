//! barlift.
pub mod backend;
pub mod bar;
pub mod cli;
pub mod config;
pub mod error;
pub mod import;
pub mod operation;
pub mod queue;
pub mod repository;
pub mod source;
pub mod task;
pub mod telemetry;
pub mod worker;
