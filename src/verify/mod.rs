//! Verification of one source against the database: which bars are looked at, and what kind of difference there is.

pub mod sample;
